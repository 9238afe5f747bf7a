import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { alice } from "@/testing/cast";
import { expectAccessible, visit } from "@/testing/render";
import { json } from "@/testing/services";

const profile = { ...alice, phone: "+39 011 5550100", timezone: "Europe/Rome", updated_at: "2026-01-01T00:00:00Z" };
const ADDRESS = `/api/users/${alice.id}`;
const saving = {
  [`GET ${ADDRESS}`]: () => json(profile),
  [`PATCH ${ADDRESS}`]: async (request: Request) => json({ ...profile, ...((await request.json()) as object) }),
};
const section = async (name: string) => within(await screen.findByRole("region", { name }));

describe("Alice's profile", () => {
  it("is changed by her, time zone and all, without a mouse", async () => {
    const { requests, container } = visit("/account", alice, saving);
    const own = await section("Profile");
    const user = userEvent.setup();
    await user.clear(own.getByLabelText("First name"));
    await user.type(own.getByLabelText("First name"), "Alicia");
    const zone = own.getByRole("combobox", { name: "Time zone" });
    expect(zone).toHaveValue("Europe/Rome");
    zone.focus();
    await user.keyboard("kolk");
    expect(own.getByRole("option")).toHaveTextContent("Asia/Kolkata+05:30");
    await expectAccessible(container);
    await user.keyboard("{Enter}");
    expect(zone).toHaveValue("Asia/Kolkata");
    expect(own.queryByRole("option")).not.toBeInTheDocument();
    await user.click(own.getByRole("button", { name: "Save" }));
    expect(await own.findByText("Saved.")).toBeVisible();
    const sent = requests.find((request) => request.method === "PATCH");
    expect(await sent?.json()).toEqual({
      first_name: "Alicia",
      last_name: "Rossi",
      phone: "+39 011 5550100",
      timezone: "Asia/Kolkata",
    });
  });

  it("keeps the zone when the search for another is given up", async () => {
    visit("/account", alice, saving);
    const own = await section("Profile");
    const user = userEvent.setup();
    const zone = own.getByRole("combobox", { name: "Time zone" });
    await user.click(zone);
    await user.keyboard("nowhere");
    expect(own.getByText("Nothing matches “nowhere”.")).toBeVisible();
    await user.keyboard("{Escape}");
    expect(zone).toHaveValue("Europe/Rome");
    await user.clear(zone);
    await user.type(zone, "new york");
    await user.keyboard("{ArrowDown}{ArrowUp}{Tab}");
    expect(zone).toHaveValue("Europe/Rome");
    await user.clear(zone);
    await user.type(zone, "america/new_york{Tab}");
    expect(zone).toHaveValue("America/New_York");
  });

  it("shows the service's words beside the field that they are about", async () => {
    visit("/account", alice, { ...saving, [`PATCH ${ADDRESS}`]: () => json({ phone: ["'x' is not a phone number."] }, 400) });
    const own = await section("Profile");
    await userEvent.click(own.getByRole("button", { name: "Save" }));
    expect(await own.findByText("'x' is not a phone number.")).toBeVisible();
    expect(own.getByLabelText(/^Phone/)).toHaveAccessibleDescription("'x' is not a phone number.");
  });

  it("that cannot be loaded leaves the rest of the page in use", async () => {
    let down = true;
    visit("/account", alice, {
      ...saving,
      [`GET ${ADDRESS}`]: () => (down ? json({ detail: "No." }, 500, { "X-Request-ID": "abc-9" }) : json(profile)),
    });
    expect(await screen.findByRole("alert")).toHaveTextContent("Request id: abc-9");
    expect(screen.getByRole("region", { name: "Password" })).toBeVisible();
    down = false;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByDisplayValue("Rossi")).toBeVisible();
  });
});

describe("Alice's password", () => {
  const change = async (from: string, to: string) => {
    const own = await section("Password");
    const user = userEvent.setup();
    await user.type(own.getByLabelText("Current password"), from);
    await user.type(own.getByLabelText("New password"), to);
    await user.click(own.getByRole("button", { name: "Change password" }));
    return own;
  };

  it("is changed, and she stays signed in here with the new one", async () => {
    const { requests } = visit("/account", alice, {
      ...saving,
      "POST /api/auth/password": () => json(null, 204),
      "POST /api/auth/login": () => json({ access: "another token", user: alice }),
    });
    const own = await change("alice123", "correct horse");
    expect(await own.findByText(/^Password changed/)).toBeVisible();
    const signIn = requests.find((request) => request.url.endsWith("/login"));
    expect(await signIn?.json()).toEqual({ username: "alice", password: "correct horse", cookie: true });
    expect(own.getByLabelText("Current password")).toHaveValue("");
  });

  it("stays what it was when the current one is wrong", async () => {
    const { requests } = visit("/account", alice, {
      ...saving,
      "POST /api/auth/password": () => json({ old_password: ["This is not your password."] }, 400),
    });
    const own = await change("guess", "correct horse");
    expect(await own.findByText("This is not your password.")).toBeVisible();
    expect(own.getByLabelText("New password")).toHaveValue("correct horse");
    expect(requests.some((request) => request.url.endsWith("/login"))).toBe(false);
  });
});

it("keeps the theme that Alice chooses", async () => {
  visit("/account", alice, saving);
  const own = await section("Appearance");
  await userEvent.click(own.getByRole("radio", { name: "Dark" }));
  expect(document.documentElement.dataset.theme).toBe("dark");
  expect(localStorage.getItem("ems.theme")).toBe("dark");
  await userEvent.click(own.getByRole("radio", { name: "System" }));
  await waitFor(() => expect(document.documentElement.dataset.theme).toBeUndefined());
});

it("is where a click on her name leads", async () => {
  const { router } = visit("/devices", alice, saving);
  await userEvent.click(await screen.findByRole("link", { name: "Account of alice" }));
  expect(await screen.findByRole("heading", { name: "Account" })).toBeVisible();
  expect(router.state.location.pathname).toBe("/account");
});
