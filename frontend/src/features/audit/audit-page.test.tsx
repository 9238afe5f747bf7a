import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";

import { admin, alice, bob } from "@/testing/cast";
import { expectAccessible, visit } from "@/testing/render";
import { json, page } from "@/testing/services";

const entry = (id: number, fields: object) => ({
  id,
  at: "2026-11-21T13:05:09Z",
  action: "signed_in",
  actor: alice.id,
  actor_username: "alice",
  user: alice.id,
  username: "alice",
  changed: [],
  address: "203.0.113.7",
  user_agent: "Mozilla/5.0",
  ...fields,
});
const failed = entry(2, { action: "sign_in_failed", actor: null, actor_username: null });
const renamed = entry(3, { action: "user_changed", actor: admin.id, actor_username: "admin", user: bob.id, username: null, changed: ["email", "role"] });

/** Answers as the service does: filtered, and counted. */
const audit = (_: Request, query: URLSearchParams) => {
  const [actor, user, action] = [query.get("actor"), query.get("user"), query.getAll("action")];
  return page(
    [renamed, failed, entry(1, {})].filter(
      (one) =>
        (actor === null || one.actor === actor) &&
        (user === null || one.user === user) &&
        (action.length === 0 || action.includes(one.action)),
    ),
  );
};
const services = {
  "GET /api/auth/audit": audit,
  "GET /api/auth/users": (_: Request, query: URLSearchParams) =>
    page([alice, bob, admin].filter((one) => one.username.includes(query.get("search") ?? ""))),
  [`GET /api/auth/users/${alice.id}`]: () => json(alice),
  [`GET /api/auth/users/${bob.id}`]: () => json({ detail: "There is no such user." }, 404),
};

it("tells the admin who did what to whom, and exactly when", async () => {
  const { container } = visit("/audit", admin, services);
  const changed = (await screen.findByRole("cell", { name: /^Account changed/ })).closest("tr") as HTMLElement;
  expect(changed).toHaveTextContent("Account changede-mail, role");
  expect(changed).toHaveTextContent("admin");
  // Bob's account is gone, and his name with it.
  expect(within(changed).getByTitle(bob.id)).toHaveTextContent(`Deleted account ${bob.id.slice(0, 8)}`);
  const attempt = screen.getByRole("cell", { name: "Sign-in failed" }).closest("tr");
  expect(attempt).toHaveTextContent("Not signed in");
  // The viewer of the tests sits in Auckland.
  const time = within(changed).getByText(/^Sun,? 22 Nov, 02:05$/);
  expect(time).toHaveAttribute("title", expect.stringMatching(/^Sunday,? 22 November 2026 at 02:05:09 \+13:00$/));
  expect(screen.getByText(/Times in Pacific\/Auckland/)).toBeVisible();
  await expectAccessible(container);
});

it("is narrowed by person and action, and the address says how", async () => {
  const { router } = visit("/audit?page=3", admin, services);
  const user = userEvent.setup();
  await user.click(await screen.findByRole("combobox", { name: "Done by" }));
  await user.keyboard("ali");
  await user.click(await screen.findByRole("option", { name: /alice/ }));
  await waitFor(() => expect(router.state.location.search).toBe(`?by=${alice.id}`));
  await waitFor(() => expect(screen.getAllByRole("row")).toHaveLength(2));
  await user.selectOptions(screen.getByLabelText("What"), "Signed out");
  expect(await screen.findByText("Nothing matches these filters")).toBeVisible();
  expect(router.state.location.search).toBe(`?by=${alice.id}&action=signed_out`);
  await user.click(screen.getByRole("button", { name: "Clear filters" }));
  await waitFor(() => expect(screen.getAllByRole("row")).toHaveLength(4));
  expect(router.state.location.search).toBe("");
});

it("shows from the address alone whom it is about, even when that account is gone", async () => {
  visit(`/audit?about=${bob.id}`, admin, services);
  await screen.findByRole("cell", { name: /^Account changed/ });
  await waitFor(() => expect(screen.getByRole("combobox", { name: "Done to" })).toHaveValue(bob.id));
});

it("is not for Alice", async () => {
  const { requests } = visit("/audit", alice, services);
  expect(await screen.findByText("This page is not for your account")).toBeVisible();
  expect(screen.queryByRole("link", { name: "Audit" })).not.toBeInTheDocument();
  expect(requests.some((request) => request.url.includes("/audit"))).toBe(false);
});
