import { useTranslation } from "react-i18next";

import type { AuditEntry } from "@/api/generated/auth";
import { exactMoment, moment, NOTHING } from "@/lib/format";

import { BY_COMMAND } from "./words";

/** One entry a row; on a narrow screen a row folds into a card, with the time last. */
export function AuditTable({ entries, zone }: { entries: readonly AuditEntry[]; zone: string }) {
  const { t } = useTranslation();
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">{t("audit.caption")}</caption>
      <thead className="sr-only lg:not-sr-only">
        <tr className="border-b border-line text-left text-muted lg:table-row [&>th]:px-4 [&>th]:py-2.5 [&>th]:font-medium">
          <th scope="col">{t("audit.when")}</th>
          <th scope="col">{t("audit.action")}</th>
          <th scope="col">{t("audit.by")}</th>
          <th scope="col">{t("audit.about")}</th>
          <th scope="col">{t("audit.from")}</th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {entries.map((entry) => (
          <tr
            key={entry.id}
            className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-1 px-4 py-3 align-top lg:table-row lg:p-0 lg:[&>*]:px-4 lg:[&>*]:py-3"
          >
            <td className="order-2 whitespace-nowrap text-muted tabular-nums">
              <time dateTime={entry.at} title={exactMoment(entry.at, zone)}>
                {moment(entry.at, zone)}
              </time>
            </td>
            <td className="order-1 font-medium">
              {t(`audit.actions.${entry.action}`)}
              {entry.changed.length > 0 && <Changed names={entry.changed} />}
            </td>
            <td className="order-3">
              <span className="text-muted lg:hidden">{t("audit.by")} </span>
              {entry.actor === null ? (
                <span className="text-muted">{t(BY_COMMAND.has(entry.action) ? "audit.command" : "audit.nobody")}</span>
              ) : (
                <Who id={entry.actor} name={entry.actor_username} />
              )}
            </td>
            <td className="order-4 text-right lg:text-left">
              <span className="text-muted lg:hidden">{t("audit.about")} </span>
              {entry.user === null ? <span className="text-muted">{NOTHING}</span> : <Who id={entry.user} name={entry.username} />}
            </td>
            <td className="order-5 col-span-2 max-w-56 text-muted lg:col-span-1">
              {entry.address ?? NOTHING}
              {entry.user_agent !== "" && (
                <span title={entry.user_agent} className="block truncate text-xs">
                  {entry.user_agent}
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Which fields: never what was in them. */
function Changed({ names }: { names: readonly string[] }) {
  const { t, i18n } = useTranslation();
  return (
    <span className="block font-normal text-muted">
      {names.map((name) => (i18n.exists(`audit.fields.${name}`) ? t(`audit.fields.${name}` as "audit.fields.email") : name)).join(", ")}
    </span>
  );
}

function Who({ id, name }: { id: string; name: string | null }) {
  const { t } = useTranslation();
  return name === null ? (
    <span title={id} className="text-muted">
      {t("audit.gone", { id: id.slice(0, 8) })}
    </span>
  ) : (
    <span className="break-words">{name}</span>
  );
}
