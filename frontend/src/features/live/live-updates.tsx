import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";

import type { MonitoredDevice } from "@/api/generated/monitoring";
import { authFetch } from "@/api/http";
import { HOURS_KEY } from "@/features/day/api";
import { MONITORED_KEY } from "@/features/devices/api";
import { forecastQuery } from "@/features/forecast/api";
import { ALERTS_KEY } from "@/features/alerts/api";
import { DASHBOARD_KEY, EVERYTHING } from "@/features/home/api";

import { backoff, readEvents, type LiveEvent } from "./stream";

export type LiveState = "connecting" | "on" | "off";

const LiveContext = createContext<LiveState>("connecting");
export const useLiveState = () => useContext(LiveContext);

/** The service sends a heartbeat well within this; silence means a connection that died without saying so. */
const SILENCE = 75_000;
/** A back-fill changes thousands of hours in a burst: each device is asked again at most this often. */
const HOURS_EVERY = 2_000;
const FORECAST_EVERY = 60_000;
const TOTALS_EVERY = 15_000;
const ALERTS_EVERY = 2_000;
const DEVICES_EVERY = 10_000;

interface Payload {
  device_id?: string;
  timestamp?: string;
  last_seen?: string | null;
  status?: MonitoredDevice["status"];
}

/** Lets `run` through at most once per `every` ms and key; the last call of a burst is not lost. */
function createThrottle() {
  const waiting = new Set<string>();
  const last = new Map<string, number>();
  const timers = new Set<number>();
  return {
    run: (key: string, every: number, action: () => void) => {
      if (waiting.has(key)) return;
      waiting.add(key);
      const timer = window.setTimeout(
        () => {
          timers.delete(timer);
          waiting.delete(key);
          last.set(key, Date.now());
          action();
        },
        Math.max(0, (last.get(key) ?? 0) + every - Date.now()),
      );
      timers.add(timer);
    },
    stop: () => {
      for (const timer of timers) window.clearTimeout(timer);
    },
  };
}

function noteDevice(queries: QueryClient, { device_id, timestamp, last_seen, status }: Payload): void {
  const seen = last_seen ?? timestamp ?? null;
  queries.setQueryData<MonitoredDevice[]>(MONITORED_KEY, (devices) =>
    devices?.map((device) => {
      if (device.id !== device_id) return device;
      // Late readings come too: "last seen" never moves backwards.
      const newer = seen !== null && (!device.last_seen || Date.parse(seen) > Date.parse(device.last_seen));
      return { ...device, last_seen: newer ? seen : device.last_seen, status: status ?? device.status };
    }),
  );
}

/** Only numbers change here. Day, range and cursor belong to the URL and the reader. */
function apply(event: LiveEvent, queries: QueryClient, throttle: ReturnType<typeof createThrottle>): void {
  let payload: Payload;
  try {
    payload = JSON.parse(event.data) as Payload;
  } catch {
    return; // one event that cannot be read must not end the stream; the next refetch has its number
  }
  const id = payload.device_id;
  if (id === undefined) return;
  if (event.type === "measurement" || event.type === "device-status") noteDevice(queries, payload);
  const known = queries.getQueryData<MonitoredDevice[]>(MONITORED_KEY)?.find((device) => device.id === id);
  if (event.type === "measurement" && known?.status !== "online") {
    // A silent device that speaks again, or a new one: its status is the service's to say.
    throttle.run("devices", DEVICES_EVERY, () => void queries.invalidateQueries({ queryKey: MONITORED_KEY }));
  }
  if (event.type === "alert") throttle.run("alerts", ALERTS_EVERY, () => void queries.invalidateQueries({ queryKey: [ALERTS_KEY] }));
  if (event.type === "hour") {
    throttle.run(`hours ${id}`, HOURS_EVERY, () => void queries.invalidateQueries({ queryKey: [HOURS_KEY, id] }));
    throttle.run("totals", TOTALS_EVERY, () => {
      void queries.invalidateQueries({ queryKey: DASHBOARD_KEY });
      void queries.invalidateQueries({ queryKey: [HOURS_KEY, EVERYTHING] });
    });
    throttle.run(`forecast ${id}`, FORECAST_EVERY, () => void queries.invalidateQueries(forecastQuery(`device_${id}`)));
  }
}

/** Waits so many ms, or until the signal. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(done, ms);
    function done() {
      window.clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

async function follow(queries: QueryClient, signal: AbortSignal, onState: (state: LiveState) => void): Promise<void> {
  const throttle = createThrottle();
  signal.addEventListener("abort", throttle.stop);
  let lastId: string | null = null;
  let attempt = 0;
  let before = false;
  while (!signal.aborted) {
    const connection = new AbortController();
    const end = () => connection.abort();
    signal.addEventListener("abort", end);
    let silence = 0;
    const heard = () => {
      window.clearTimeout(silence);
      silence = window.setTimeout(end, SILENCE);
    };
    try {
      heard();
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (lastId !== null) headers["Last-Event-ID"] = lastId;
      const response = await authFetch(new URL("/api/monitoring/live", window.location.origin), {
        headers,
        signal: connection.signal,
        cache: "no-store",
      });
      onState("on");
      // What happened while nobody listened is asked for, whatever the service could still replay.
      if (before) void queries.invalidateQueries({ queryKey: [HOURS_KEY] });
      before = true;
      if (response.body === null) break;
      for await (const event of readEvents(response.body, heard)) {
        attempt = 0;
        lastId = event.id ?? lastId;
        apply(event, queries, throttle);
      }
    } catch {
      // Every failure has the same cure, and the state is on the page: wait, then connect again.
    } finally {
      window.clearTimeout(silence);
      signal.removeEventListener("abort", end);
    }
    onState("off");
    const wait = backoff(attempt);
    attempt += 1;
    await pause(wait, signal);
  }
}

/** Keeps the numbers on every page fresh while somebody is signed in. */
export function LiveUpdates({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");
  useEffect(() => {
    const controller = new AbortController();
    void follow(queries, controller.signal, setState);
    return () => controller.abort();
  }, [queries]);
  return <LiveContext value={state}>{children}</LiveContext>;
}
