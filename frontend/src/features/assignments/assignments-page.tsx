import { MousePointerClick, SearchX, Users } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";

import type { User } from "@/api/generated/auth";
import { Card } from "@/components/card";
import { Pager, SearchBox } from "@/components/list";
import { Page } from "@/components/page";
import { Loaded, Notice, Skeleton } from "@/components/states";
import { useUsers } from "@/features/users/api";

import { AssignedDevices } from "./assigned-devices";

const nameOf = (user: User) => `${user.first_name} ${user.last_name}`.trim() || user.username;

/** Two panes: a person on one side, this person's devices on the other. The person lives in the URL. */
export function AssignmentsPage() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const [search, setSearch] = useState("");
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<User | null>(null);
  const people = useUsers({ page, search });
  const personId = params.get("person");
  const person = people.data?.results.find((user) => user.id === personId) ?? (chosen?.id === personId ? chosen : null);

  return (
    <Page title={t("assignments.title")} lead={t("assignments.lead")}>
      <div className="grid items-start gap-5 lg:grid-cols-[20rem_1fr]">
        <Card aria-labelledby="people">
          <div className="flex flex-col gap-3 border-b border-line p-4">
            <h2 id="people" className="font-semibold">
              {t("assignments.people")}
            </h2>
            <SearchBox
              label={t("assignments.searchPeople")}
              value={search}
              onChange={(text) => {
                setSearch(text);
                setPage(1);
              }}
            />
          </div>
          <Loaded query={people} skeleton={<Skeleton className="m-4 h-56" />}>
            {({ results, count }) =>
              results.length === 0 ? (
                <Notice icon={search === "" ? Users : SearchX} title={t("users.noMatchTitle", { search })} />
              ) : (
                <>
                  <ul className="max-h-72 overflow-y-auto p-2 lg:max-h-[32rem]">
                    {results.map((user) => (
                      <li key={user.id}>
                        <button
                          type="button"
                          aria-pressed={user.id === personId}
                          className="flex min-h-12 w-full flex-col items-start justify-center rounded-lg px-3 py-1.5 text-left text-sm hover:bg-sunken aria-pressed:bg-accent-soft"
                          onClick={() => {
                            setChosen(user);
                            setParams({ person: user.id }, { replace: true });
                          }}
                        >
                          <span className="font-medium">{nameOf(user)}</span>
                          <span className="text-muted">{user.username}</span>
                        </button>
                      </li>
                    ))}
                  </ul>
                  <Pager page={page} total={count} onPage={setPage} />
                </>
              )
            }
          </Loaded>
        </Card>
        <Card>
          {personId === null ? (
            <Notice icon={MousePointerClick} title={t("assignments.choose")} />
          ) : (
            <AssignedDevices key={personId} userId={personId} name={person ? nameOf(person) : "…"} />
          )}
        </Card>
      </div>
    </Page>
  );
}
