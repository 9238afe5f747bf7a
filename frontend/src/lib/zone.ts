/** Days are those of the meter's zone, never the viewer's. A local date is text, "YYYY-MM-DD", so that no zone can shift it. */
import { TZDate, tzOffset } from "@date-fns/tz";
import { addDays, isValid, lightFormat, parseISO } from "date-fns";

export type LocalDate = string;
export type Instant = number | string | Date;

export function localDate(instant: Instant, zone: string): LocalDate {
  return lightFormat(new TZDate(new Date(instant).getTime(), zone), "yyyy-MM-dd");
}

export function shiftDate(date: LocalDate, days: number): LocalDate {
  return lightFormat(addDays(parseISO(date), days), "yyyy-MM-dd");
}

export function isLocalDate(text: string | null): text is LocalDate {
  return text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) && isValid(parseISO(text));
}

/** From local midnight to local midnight, in ms: 23, 24 or 25 hours. */
export function dayBounds(date: LocalDate, zone: string): { start: number; end: number } {
  const midnight = (day: LocalDate): number => {
    const [year, month, dayOfMonth] = day.split("-").map(Number) as [number, number, number];
    return new TZDate(year, month - 1, dayOfMonth, zone).getTime();
  };
  return { start: midnight(date), end: midnight(shiftDate(date, 1)) };
}

/** "+02:00" */
export function offsetText(instant: Instant, zone: string): string {
  const minutes = tzOffset(zone, new Date(instant));
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  return `${minutes < 0 ? "−" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}
