import { ScrollText, SearchX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";

import { Button } from "@/components/button";
import { Card } from "@/components/card";
import { SelectField } from "@/components/field";
import { PAGE_SIZE, Pager } from "@/components/list";
import { Page } from "@/components/page";
import { Loaded, Notice, Skeleton } from "@/components/states";
import { UserField } from "@/features/users/user-field";

import { useAudit } from "./api";
import { AuditTable } from "./audit-table";
import { ACTIONS, isAction } from "./words";

/** Page and filters live in the URL, so that back and a shared link work. */
export function AuditPage() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const page = Math.max(1, Number.parseInt(params.get("page") ?? "1", 10) || 1);
  const actor = params.get("by");
  const user = params.get("about");
  const asked = params.get("action");
  const action = isAction(asked) ? asked : null;
  const filtered = actor !== null || user !== null || action !== null;
  const audit = useAudit({ page, actor, user, action });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  const filter = (name: "by" | "about" | "action") => (value: string | null) =>
    setParams((old) => {
      old.delete("page");
      if (value === null) old.delete(name);
      else old.set(name, value);
      return old;
    });
  const clear = () => setParams({});

  return (
    <Page title={t("audit.title")} lead={t("audit.lead", { zone })}>
      <Card>
        <div className="grid grid-cols-2 gap-4 border-b border-line p-4 sm:grid-cols-3 max-sm:[&>:last-child]:col-span-2">
          <UserField label={t("audit.by")} placeholder={t("audit.anyone")} value={actor} onChange={filter("by")} />
          <UserField label={t("audit.about")} placeholder={t("audit.anyone")} value={user} onChange={filter("about")} />
          <SelectField
            label={t("audit.action")}
            value={action ?? ""}
            onChange={(event) => filter("action")(event.target.value === "" ? null : event.target.value)}
          >
            <option value="">{t("audit.anything")}</option>
            {ACTIONS.map((name) => (
              <option key={name} value={name}>
                {t(`audit.actions.${name}`)}
              </option>
            ))}
          </SelectField>
        </div>
        <Loaded query={audit} skeleton={<Rows />}>
          {({ results, count }) =>
            results.length > 0 ? (
              <div aria-busy={audit.isPlaceholderData} className={audit.isPlaceholderData ? "opacity-60" : ""}>
                <AuditTable entries={results} zone={zone} />
                <Pager page={page} total={count} size={PAGE_SIZE} onPage={(next) => setParams((old) => (old.set("page", String(next)), old))} />
              </div>
            ) : filtered ? (
              <Notice icon={SearchX} title={t("audit.noMatchTitle")} text={t("audit.noMatch")}>
                <Button look="secondary" onClick={clear}>
                  {t("audit.clear")}
                </Button>
              </Notice>
            ) : (
              <Notice icon={ScrollText} title={t("audit.emptyTitle")} text={t("audit.empty")} />
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}

function Rows() {
  return (
    <div className="divide-y divide-line">
      {Array.from({ length: 8 }, (_, row) => (
        <div key={row} className="flex h-16 items-center gap-4 px-4">
          <Skeleton className="h-4 w-32" />
          <Skeleton className="h-4 w-48 max-w-full" />
        </div>
      ))}
    </div>
  );
}
