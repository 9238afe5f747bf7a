import { Building2, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";

import { LinkButton } from "@/components/button";
import { Card } from "@/components/card";
import { TableFrame } from "@/components/list";
import { Page } from "@/components/page";
import { Loaded, Notice, Skeleton } from "@/components/states";
import { NOTHING } from "@/lib/format";

import { usePlants } from "./api";

export function PlantsPage() {
  const { t } = useTranslation();
  const plants = usePlants();
  const newPlant = (
    <LinkButton to="/plants/new">
      <Plus aria-hidden="true" className="size-4" />
      {t("plants.new")}
    </LinkButton>
  );
  return (
    <Page title={t("plants.title")} lead={t("plants.lead")} actions={newPlant}>
      <Card>
        <Loaded query={plants} skeleton={<Skeleton className="m-4 h-48" />}>
          {(list) =>
            list.length === 0 ? (
              <Notice icon={Building2} title={t("plants.emptyTitle")} text={t("plants.empty")}>
                {newPlant}
              </Notice>
            ) : (
              <TableFrame label={t("plants.caption")}>
                <table className="w-full text-sm">
                  <caption className="sr-only">{t("plants.caption")}</caption>
                  <thead>
                    <tr className="border-b border-line text-left text-muted [&>th]:px-4 [&>th]:py-2.5 [&>th]:font-medium">
                      <th scope="col">{t("plants.name")}</th>
                      <th scope="col">{t("plants.zone")}</th>
                      <th scope="col">{t("plants.country")}</th>
                    </tr>
                  </thead>
                  <tbody className="divide-y divide-line">
                    {list.map((plant) => (
                      <tr key={plant.id} className="[&>*]:px-4 [&>*]:py-3">
                        <th scope="row" className="text-left font-medium">
                          {plant.name}
                        </th>
                        <td>{plant.timezone}</td>
                        <td className="text-muted">{plant.country || NOTHING}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </TableFrame>
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}
