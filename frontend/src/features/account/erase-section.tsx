import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";

import { Button } from "@/components/button";
import { TextField } from "@/components/field";
import { FormFailure, Submit, useServiceForm } from "@/components/form";
import { useSession, useUser } from "@/features/auth/session";
import { z } from "@/lib/schema";

import { eraseAccount } from "./api";
import { Section } from "./section";

/** It cannot be undone: whoever means it writes the own username. */
export function EraseSection() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { id, username } = useUser();
  const { forget } = useSession();
  const [asked, setAsked] = useState(false);
  const form = useServiceForm({
    schema: z.object({
      name: z.string().check(
        z.trim(),
        z.refine((text: string) => text.toLowerCase() === username.toLowerCase(), "form.ownUsername"),
      ),
    }),
    defaultValues: { name: "" },
    send: async () => {
      await eraseAccount(id);
      forget("erased");
      await navigate("/sign-in", { replace: true });
    },
  });
  return (
    <Section title={t("account.erase")} lead={t("account.eraseLead")}>
      {asked ? (
        <form noValidate className="flex flex-col gap-4" onSubmit={form.submit}>
          <FormFailure form={form} />
          <TextField
            label={t("account.eraseConfirm", { name: username })}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            {...form.field("name")}
          />
          <div className="flex flex-wrap gap-2">
            <Submit form={form} look="danger" busy={t("account.erasing")}>
              {t("account.eraseNow")}
            </Submit>
            <Button look="secondary" onClick={() => setAsked(false)}>
              {t("common.cancel")}
            </Button>
          </div>
        </form>
      ) : (
        <Button look="secondary" className="text-bad" onClick={() => setAsked(true)}>
          {t("account.eraseAsk")}
        </Button>
      )}
    </Section>
  );
}
