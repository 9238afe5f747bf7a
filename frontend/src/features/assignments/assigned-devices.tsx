import { SearchX, Zap } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Device } from "@/api/generated/devices";
import { LinkButton } from "@/components/button";
import { Pager, SearchBox } from "@/components/list";
import { Loaded, Notice, Skeleton, useErrorText } from "@/components/states";
import { useDevices } from "@/features/devices/api";
import { kindOf } from "@/features/devices/kind";

import { useAssigned, useSetAssigned } from "./api";

interface Change {
  device: Device;
  assigned: boolean;
}

/** Every device with a tick for "this person may see it". A tick counts at once and can be undone. */
export function AssignedDevices({ userId, name }: { userId: string; name: string }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [search, setSearch] = useState("");
  const [page, setPage] = useState(1);
  const [last, setLast] = useState<Change | null>(null);
  const devices = useDevices({ page, search });
  const assigned = useAssigned(userId);
  const set = useSetAssigned(userId);

  const change = ({ device, assigned: wanted }: Change) => {
    setLast(null);
    set.mutate(
      { deviceId: device.id, assigned: wanted },
      { onSuccess: () => setLast({ device, assigned: wanted }) },
    );
  };

  /** What a device's tick is about to become, while that is under way. */
  const under = (device: Device) => (set.isPending && set.variables.deviceId === device.id ? set.variables.assigned : undefined);

  return (
    <>
      <div className="flex flex-col gap-3 border-b border-line p-4">
        <h2 className="font-semibold">{t("assignments.devices", { name })}</h2>
        <SearchBox
          label={t("assignments.searchDevices")}
          value={search}
          onChange={(text) => {
            setSearch(text);
            setPage(1);
          }}
        />
        <div role="status" className="min-h-6 text-sm">
          {last && (
            <span className="flex flex-wrap items-center gap-x-3">
              {t(last.assigned ? "assignments.assigned" : "assignments.unassigned", { name, device: last.device.name })}
              <button
                type="button"
                className="min-h-6 font-medium text-accent underline underline-offset-2"
                onClick={() => change({ device: last.device, assigned: !last.assigned })}
              >
                {t("assignments.undo")}
              </button>
            </span>
          )}
          {set.isError && <span className="text-bad">{errorText(set.error)}</span>}
        </div>
      </div>
      <Loaded query={assigned} skeleton={<Skeleton className="m-4 h-72" />}>
        {(ids) => (
          <Loaded query={devices} skeleton={<Skeleton className="m-4 h-72" />}>
            {({ results, count }) =>
              results.length === 0 ? (
                <Notice
                  icon={search === "" ? Zap : SearchX}
                  title={search === "" ? t("devices.emptyTitle") : t("devices.noMatchTitle", { search })}
                >
                  {search === "" && <LinkButton to="/devices/new">{t("devices.new")}</LinkButton>}
                </Notice>
              ) : (
                <>
                  <ul className="divide-y divide-line">
                    {results.map((device) => (
                      <li key={device.id}>
                        <label className="flex min-h-14 cursor-pointer items-center gap-3 px-4 py-2 text-sm hover:bg-sunken/60">
                          <input
                            type="checkbox"
                            className="size-5 shrink-0 accent-accent"
                            checked={under(device) ?? ids.includes(device.id)}
                            disabled={under(device) !== undefined}
                            onChange={(event) => change({ device, assigned: event.target.checked })}
                          />
                          <span className="min-w-0">
                            <span className="block font-medium break-words">{device.name}</span>
                            <span className="text-muted">{t(`devices.kinds.${kindOf(device)}`)}</span>
                          </span>
                        </label>
                      </li>
                    ))}
                  </ul>
                  <Pager page={page} total={count} onPage={setPage} />
                </>
              )
            }
          </Loaded>
        )}
      </Loaded>
    </>
  );
}
