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
