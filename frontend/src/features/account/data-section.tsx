import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/errors";
import { Button } from "@/components/button";
import { useErrorText } from "@/components/states";

import { useDownloadData } from "./api";
import { Done, Section } from "./section";

export function DataSection() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const download = useDownloadData();
  const requestId = download.error instanceof ApiError ? download.error.requestId : null;
  return (
    <Section title={t("account.data")} lead={t("account.dataLead")}>
      <div className="flex flex-col items-start gap-3">
        <Button look="secondary" disabled={download.isPending} onClick={() => download.mutate()}>
          <Download aria-hidden="true" className="size-4" />
          {t(download.isPending ? "account.collecting" : "account.download")}
        </Button>
        {download.isError && (
          <div role="alert" className="text-sm text-bad">
            <p>{errorText(download.error)}</p>
            {requestId !== null && <p className="font-mono text-xs break-all">{t("states.requestId", { id: requestId })}</p>}
          </div>
        )}
        <Done>{download.isSuccess && t("account.downloaded", { name: download.data })}</Done>
      </div>
    </Section>
  );
}
