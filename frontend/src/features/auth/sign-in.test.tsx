import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { alice, heatPump } from "@/testing/cast";
import { expectAccessible, signedIn, visit } from "@/testing/render";
import { json, page } from "@/testing/services";

import { safeNext } from "./guards";

const devices = { "GET /api/devices": () => page([heatPump]), "GET /api/monitoring/devices": () => page([]) };
const login = async (request: Request) => {
  const { username, password } = (await request.json()) as { username: string; password: string };
  return username === "alice" && password === "alice123"
    ? json({ access: "token of alice", user: alice })
    : json({ detail: "No active account with these credentials." }, 401);
};

async function fillIn(username: string, password: string) {
  const user = userEvent.setup();
  await user.type(await screen.findByLabelText("Username or e-mail"), username);
  await user.type(screen.getByLabelText("Password"), password);
  await user.keyboard("{Enter}");
}

describe("signing in", () => {
  it("brings Alice home and asks for the refresh token as a cookie", async () => {
    const { requests } = visit("/", null, { ...signedIn(alice), ...devices, "POST /api/auth/login": login });
    await fillIn("alice", "alice123");
    expect(await screen.findByRole("heading", { level: 1, name: "Home" })).toBeVisible();
    const sent = requests.find((request) => request.url.endsWith("/login"));
    expect(await sent?.json()).toEqual({ username: "alice", password: "alice123", cookie: true });
    expect(localStorage.length).toBe(1);
    expect(localStorage.getItem("ems.signed-in")).toBe("1");
  });

  it("says so when the password is wrong, and keeps what was typed", async () => {
    visit("/sign-in", null, { "POST /api/auth/login": login });
    await fillIn("alice", "guess");
    expect(await screen.findByRole("alert")).toHaveTextContent("Username or password is not right.");
    expect(screen.getByLabelText("Username or e-mail")).toHaveValue("alice");
  });

  it("does not send an empty form", async () => {
    const { requests, container } = visit("/sign-in", null);
    await userEvent.click(await screen.findByRole("button", { name: "Sign in" }));
    expect(await screen.findAllByText("Fill in this field.")).toHaveLength(2);
    expect(requests).toHaveLength(0);
    await expectAccessible(container);
  });

  it("that came too often waits as long as it was told to, and says so", async () => {
    let answer = () => json({ detail: "Too many." }, 429, { "Retry-After": "2" });
    const { requests, container } = visit("/sign-in", null, { "POST /api/auth/login": () => answer() });
    await fillIn("alice", "guess");
    expect(await screen.findByRole("button", { name: /^Try again in \d seconds?$/ })).toBeDisabled();
    expect(screen.getByRole("alert")).toHaveTextContent("Too many tries in a short time.");
    await userEvent.type(screen.getByLabelText("Password"), "{Enter}");
    expect(requests).toHaveLength(1);
    await expectAccessible(container);

    expect(await screen.findByText("You can try again now.")).toBeVisible();
    answer = () => json({ detail: "No." }, 401);
    await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByText("Username or password is not right.")).toBeVisible();
  });

  it("says how to find the failed request when the server is the problem", async () => {
    visit("/sign-in", null, { "POST /api/auth/login": () => new Response("Bad Gateway", { status: 502, headers: { "X-Request-ID": "abc-7" } }) });
    await fillIn("alice", "alice123");
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("The server is not ready (502).");
    expect(alert).toHaveTextContent("Request id: abc-7");
  });

  it("is what password managers expect", async () => {
    visit("/sign-in", null);
    expect(await screen.findByLabelText("Username or e-mail")).toHaveAttribute("autocomplete", "username");
    expect(screen.getByLabelText("Password")).toHaveAttribute("autocomplete", "current-password");
  });
});

describe("a session", () => {
  it("goes on after a reload without a password", async () => {
    visit("/devices", alice, devices);
    expect(await screen.findByRole("link", { name: "Heat pump" })).toBeVisible();
  });

  it("that has ended returns to the same page after signing in", async () => {
    const { router } = visit("/devices?search=heat", alice, {
      ...devices,
      "POST /api/auth/refresh": () => json({ detail: "Expired." }, 401),
      "POST /api/auth/login": login,
    });
    expect(await screen.findByText(/Your session has ended/)).toBeVisible();
    await fillIn("alice", "alice123");
    await screen.findByRole("link", { name: "Heat pump" });
    expect(router.state.location.pathname + router.state.location.search).toBe("/devices?search=heat");
  });

  it("that cannot be checked is not thrown away", async () => {
    let down = true;
    visit("/devices", alice, {
      ...devices,
      "POST /api/auth/refresh": () => (down ? json({ detail: "Later." }, 503) : json({ access: "token of alice", user: alice })),
    });
    expect(await screen.findByRole("alert")).toHaveTextContent("The server does not answer");
    down = false;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("link", { name: "Heat pump" })).toBeVisible();
  });

  it("ends when Alice signs out, and her numbers with it", async () => {
    const { requests } = visit("/devices", alice, { ...devices, "POST /api/auth/logout": () => json(null, 204) });
    await userEvent.click(await screen.findByRole("button", { name: "Sign out" }));
    expect(await screen.findByRole("heading", { name: "Sign in" })).toBeVisible();
    await waitFor(() => expect(requests.some((request) => request.url.endsWith("/logout"))).toBe(true));
    expect(screen.queryByText("Heat pump")).not.toBeInTheDocument();
  });
});

describe("registering", () => {
  const fill = async () => {
    const user = userEvent.setup();
    await user.type(await screen.findByLabelText("First name"), "Alice");
    await user.type(screen.getByLabelText("Last name"), "Rossi");
    await user.type(screen.getByLabelText("Username"), "alice");
    await user.type(screen.getByLabelText("E-mail"), "alice@example.com");
    await user.type(screen.getByLabelText("Password"), "alice123");
    await user.click(screen.getByRole("button", { name: "Create an account" }));
  };

  it("signs Alice in when her account is made, even when that takes longer", async () => {
    let asked = 0;
    visit("/register", null, {
      ...signedIn(alice),
      ...devices,
      "POST /api/auth/register": () => json({ status_url: "/api/auth/register/1" }, 202),
      "GET /api/auth/register/1": () => {
        asked += 1;
        return json({ user: alice, access: "a", refresh: "b" }, 201);
      },
      "POST /api/auth/login": login,
    });
    await fill();
    expect(await screen.findByRole("heading", { level: 1, name: "Home" })).toBeVisible();
    expect(asked).toBe(1);
  });

  it("puts the service's words beside the field that they are about", async () => {
    const { container } = visit("/register", null, {
      "POST /api/auth/register": () => json({ username: ["alice is taken. Choose another name."] }, 400),
    });
    await fill();
    expect(await screen.findByText("alice is taken. Choose another name.")).toBeVisible();
    expect(screen.getByLabelText("Username")).toHaveAccessibleDescription("alice is taken. Choose another name.");
    await expectAccessible(container);
  });
});

it("returns only to this dashboard", () => {
  expect(safeNext("/devices/1?date=2026-11-21")).toBe("/devices/1?date=2026-11-21");
  for (const next of [null, "//evil.example", "/\\evil.example", "https://evil.example", "/sign-in?next=/"]) expect(safeNext(next)).toBe("/");
});
