import { Plus, SearchX, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import type { User } from "@/api/generated/auth";
import { Button, LinkButton } from "@/components/button";
import { Card } from "@/components/card";
import { Pager, SearchBox, useListParams } from "@/components/list";
import { Page } from "@/components/page";
import { Loaded, Notice, Skeleton } from "@/components/states";

import { useUsers } from "./api";

export function UsersPage() {
  const { t } = useTranslation();
  const { page, search, setPage, setSearch } = useListParams();
  const users = useUsers({ page, search });
  const newUser = (
    <LinkButton to="/users/new">
      <Plus aria-hidden="true" className="size-4" />
      {t("users.new")}
    </LinkButton>
  );
  return (
    <Page title={t("users.title")} lead={t("users.lead")} actions={newUser}>
      <Card>
        <div className="border-b border-line p-3">
          <SearchBox label={t("users.search")} value={search} onChange={setSearch} />
        </div>
        <Loaded query={users} skeleton={<Skeleton className="m-4 h-72" />}>
          {({ results, count }) =>
            results.length > 0 ? (
              <>
                <UserTable users={results} />
                <Pager page={page} total={count} onPage={setPage} />
              </>
            ) : search !== "" ? (
              <Notice icon={SearchX} title={t("users.noMatchTitle", { search })} text={t("devices.noMatch")}>
                <Button look="secondary" onClick={() => setSearch("")}>
                  {t("devices.clearSearch")}
                </Button>
              </Notice>
            ) : (
              <Notice icon={Users} title={t("users.emptyTitle")} text={t("users.empty")}>
                {newUser}
              </Notice>
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}

/** One user a row; on a narrow screen a row folds into a card. */
function UserTable({ users }: { users: readonly User[] }) {
  const { t } = useTranslation();
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">{t("users.caption")}</caption>
      <thead className="sr-only lg:not-sr-only">
        <tr className="border-b border-line text-left text-muted lg:table-row [&>th]:px-4 [&>th]:py-2.5 [&>th]:font-medium">
          <th scope="col">{t("users.name")}</th>
          <th scope="col">{t("users.role")}</th>
          <th scope="col">{t("users.username")}</th>
          <th scope="col">{t("users.state")}</th>
          <th scope="col">{t("users.email")}</th>
          <th scope="col">
            <span className="sr-only">{t("users.assignNext")}</span>
          </th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {users.map((user) => (
          <tr
            key={user.id}
            className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-1 px-4 py-3 lg:table-row lg:p-0 lg:[&>*]:px-4 lg:[&>*]:py-3"
          >
            <th scope="row" className="text-left text-base font-medium break-words lg:text-sm">
              {`${user.first_name} ${user.last_name}`.trim() || user.username}
            </th>
            <td className="text-right lg:text-left">{t(`users.roles.${user.role}`)}</td>
            <td className="break-words text-muted lg:text-ink">{user.username}</td>
            <td className="text-right text-muted lg:text-left">{t(user.is_active ? "users.active" : "users.inactive")}</td>
            <td className="break-words text-muted">{user.email}</td>
            <td className="text-right whitespace-nowrap">
              <Link
                to={`/assignments?person=${user.id}`}
                aria-label={`${t("users.assignNext")}: ${user.username}`}
                className="-my-2 inline-flex min-h-10 items-center font-medium text-accent underline-offset-2 hover:underline"
              >
                {t("users.assignNext")}
              </Link>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
