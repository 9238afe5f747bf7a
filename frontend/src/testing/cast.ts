/** Alice owns, Bob shares, the admin administers. */
const person = (n: number, username: string, role: "admin" | "client") => ({
  id: `00000000-0000-4000-8000-00000000000${n}`,
  username,
  email: `${username}@example.com`,
  email_verified: true,
  role,
  first_name: username.charAt(0).toUpperCase() + username.slice(1),
  last_name: "Rossi",
  phone: "",
  is_active: true,
  created_at: "2026-01-01T00:00:00Z",
});

export const alice = person(1, "alice", "client");
export const bob = person(2, "bob", "client");
export const admin = person(3, "admin", "admin");

export const heatPump = {
  id: "00000000-0000-4000-8000-0000000000d1",
  name: "Heat pump",
  description: "",
  kind: "consumption",
  reading: "interval_kwh",
  interval_seconds: 600,
  max_consumption: 3,
  rated_power_w: null,
  plant: null,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
};
export const solar = { ...heatPump, id: "00000000-0000-4000-8000-0000000000d2", name: "Roof solar", kind: "production", max_consumption: null };
