import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";

import { alice, heatPump } from "@/testing/cast";
import { expectAccessible, visit } from "@/testing/render";
import { json, page } from "@/testing/services";

const devices = { "GET /api/devices": () => page([heatPump]), "GET /api/monitoring/devices": () => page([]) };
const unverified = { ...alice, email_verified: false };
const spent = { token: ["This link has been used. Ask for another one."] };

it("shows whoever forgot a password the service's own answer", async () => {
  const detail = "If there is an account with this e-mail address, a link is on its way.";
  const { container } = visit("/sign-in", null, { "POST /api/auth/password/reset": () => json({ detail }, 202) });
  const user = userEvent.setup();
  await user.click(await screen.findByRole("link", { name: "Forgot your password?" }));
  await user.type(await screen.findByLabelText("E-mail"), "alice@example.com{Enter}");
  expect(await screen.findByText(detail)).toBeVisible();
  await expectAccessible(container);
});

it("sets a new password by the link of the mail, with the service's advice beside the field", async () => {
  let answer = () => json({ new_password: ["This password is too common."] }, 400);
  const { router, requests } = visit("/reset-password?token=abc", null, { "POST /api/auth/password/reset/confirm": () => answer() });
  const user = userEvent.setup();
  await user.type(await screen.findByLabelText("New password"), "password{Enter}");
  expect(await screen.findByText("This password is too common.")).toBeVisible();
  answer = () => json(null, 204);
  await user.type(screen.getByLabelText("New password"), " of Alice{Enter}");
  expect(await screen.findByText(/^Your password is changed/)).toBeVisible();
  expect(router.state.location.pathname + router.state.location.search).toBe("/sign-in");
  expect(await requests.at(-1)?.json()).toEqual({ token: "abc", new_password: "password of Alice" });
});

it("leads on from a link for a password that is no longer good", async () => {
  visit("/reset-password?token=old", null, { "POST /api/auth/password/reset/confirm": () => json(spent, 400) });
  await userEvent.type(await screen.findByLabelText("New password"), "correct horse{Enter}");
  expect(await screen.findByText("This link has been used. Ask for another one.")).toBeVisible();
  expect(screen.getByRole("link", { name: "Get another link" })).toHaveAttribute("href", "/forgot-password");
});

it("verifies an address by itself", async () => {
  const { container, requests } = visit("/verify-email?token=abc", null, {
    "POST /api/auth/email/verify": () => json({ email_verified: true, detail: "Verified." }),
  });
  expect(await screen.findByText("Your e-mail address is verified.")).toBeVisible();
  expect(await requests[0]?.json()).toEqual({ token: "abc" });
  await expectAccessible(container);
});

it("offers another mail when the link is no longer good: at once when signed in, else after that", async () => {
  const services = {
    "POST /api/auth/email/verify": async (request: Request) =>
      "token" in ((await request.json()) as object)
        ? json(spent, 400)
        : json({ email_verified: false, detail: "A link is on its way." }, 202),
  };
  const stranger = visit("/verify-email?token=old", null, services);
  expect(await screen.findByRole("link", { name: "Sign in" })).toHaveAttribute("href", "/sign-in?next=%2Faccount");
  stranger.unmount();
  visit("/verify-email?token=old", unverified, services);
  await userEvent.click(await screen.findByRole("button", { name: "Send a new link" }));
  expect(await screen.findByText("A link is on its way.")).toBeVisible();
});

it("reminds Alice of an address to verify where mail can be sent, until she puts it away", async () => {
  const mail = (yes: boolean) => ({ ...devices, "GET /api/auth/options": () => json({ mail: yes, google_client_id: null }) });
  const { container } = visit("/devices", unverified, mail(true));
  expect(await screen.findByText(/^alice@example.com is not verified yet/)).toBeVisible();
  await expectAccessible(container);
  await userEvent.click(screen.getByRole("button", { name: "Dismiss" }));
  expect(screen.queryByText(/is not verified yet/)).not.toBeInTheDocument();
});

const account = { [`GET /api/users/${alice.id}`]: () => json({ ...alice, timezone: "UTC", updated_at: "2026-01-01T00:00:00Z" }) };
const erase = async (name: string) => {
  const own = within(await screen.findByRole("region", { name: "Erase this account" }));
  const user = userEvent.setup();
  await user.click(own.getByRole("button", { name: "Erase my account…" }));
  await user.type(own.getByLabelText(/^Write your username/), `${name}{Enter}`);
  return own;
};

it("erases Alice only when she writes her own name, and then says goodbye", async () => {
  const { requests } = visit("/account", alice, { ...account, [`POST /api/users/${alice.id}/erase`]: () => json(null, 204) });
  const own = await erase("bob");
  expect(await own.findByText("This is not your username.")).toBeVisible();
  expect(requests.some((request) => request.url.endsWith("/erase"))).toBe(false);
  await userEvent.clear(own.getByLabelText(/^Write your username/));
  await userEvent.type(own.getByLabelText(/^Write your username/), "alice{Enter}");
  expect(await screen.findByText("Your account and your personal data are erased.")).toBeVisible();
  expect(localStorage.getItem("ems.signed-in")).toBeNull();
});

it("does not erase the last administrator, and says why", async () => {
  const detail = "This is the last administrator. Make another one first.";
  visit("/account", alice, { ...account, [`POST /api/users/${alice.id}/erase`]: () => json({ detail }, 409) });
  const own = await erase("alice");
  await waitFor(() => expect(own.getByRole("alert")).toHaveTextContent(detail));
});
