import { useState } from "react";

import { Combobox } from "@/components/combobox";

import { useUser, useUsers } from "./api";

const SHOWN = 20;

interface Props {
  label: string;
  placeholder: string;
  /** null: nobody */
  value: string | null;
  onChange: (id: string | null) => void;
}

/** One user, found by any part of name, username or e-mail. */
export function UserField({ label, placeholder, value, onChange }: Props) {
  const [search, setSearch] = useState("");
  const users = useUsers({ page: 1, search, size: SHOWN });
  const chosen = useUser(value);
  return (
    <Combobox
      label={label}
      placeholder={placeholder}
      chosen={value === null ? "" : (chosen.data?.username ?? (chosen.isError ? value : ""))}
      options={(users.data?.results ?? []).map(({ id, username, first_name, last_name }) => ({
        value: id,
        label: username,
        note: `${first_name} ${last_name}`.trim(),
      }))}
      onSearch={setSearch}
      onChoose={(option) => onChange(option.value)}
      onClear={() => onChange(null)}
    />
  );
}
