import { useEffect, useState } from "react";

/** The time, renewed every so many ms, so that ages and "today" do not go stale on an open page. */
export function useNow(every = 30_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), every);
    return () => window.clearInterval(timer);
  }, [every]);
  return now;
}

/** Whole seconds still to wait, counted down to 0, and what starts a wait of so many seconds. */
export function useWait(): [left: number, start: (seconds: number) => void] {
  const [until, setUntil] = useState(0);
  const [now, setNow] = useState(0);
  useEffect(() => {
    if (now >= until) return;
    const timer = window.setTimeout(() => setNow(Date.now()), Math.min(1_000, until - now));
    return () => window.clearTimeout(timer);
  }, [now, until]);
  const start = (seconds: number) => {
    const begun = Date.now();
    setNow(begun);
    setUntil(begun + seconds * 1_000);
  };
  return [Math.max(0, Math.ceil((until - now) / 1_000)), start];
}
