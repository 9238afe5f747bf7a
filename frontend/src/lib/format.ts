/** One formatter per unit, so that two pages cannot write the same number differently. */
import { formatLocale } from "./i18n";
import { offsetText, type Instant, type LocalDate } from "./zone";

/** What stands where there is no number. Never a zero. */
export const NOTHING = "–";
const NBSP = "\u00a0";

const numbers = new Map<string, Intl.NumberFormat>();
function number(value: number, digits: number): string {
  const locale = formatLocale();
  const key = `${locale} ${digits}`;
  let formatter = numbers.get(key);
  if (!formatter) {
    formatter = new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    numbers.set(key, formatter);
  }
  return formatter.format(value);
}

const dates = new Map<string, Intl.DateTimeFormat>();
function date(instant: Instant, zone: string, options: Intl.DateTimeFormatOptions): string {
  const locale = formatLocale();
  const key = `${locale} ${zone} ${JSON.stringify(options)}`;
  let formatter = dates.get(key);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
    dates.set(key, formatter);
  }
  return formatter.format(new Date(instant));
}

/** Energy in kWh without its unit: for table columns and axes that name it once. */
export function kwhNumber(kwh: number | null | undefined): string {
  if (kwh === null || kwh === undefined) return NOTHING;
  const size = Math.abs(kwh);
  // Something is not nothing, and two decimals keep a column of hours aligned.
  if (kwh > 0 && kwh < 0.005) return `<${number(0.01, 2)}`;
  return number(kwh, size < 100 ? 2 : size < 1000 ? 1 : 0);
}

/** The same for an axis, where "0.50" beside "1.00" would be noise. */
export function kwhTick(kwh: number): string {
  return new Intl.NumberFormat(formatLocale(), { maximumFractionDigits: 3 }).format(kwh);
}

export function energy(kwh: number | null | undefined): string {
  return kwh === null || kwh === undefined ? NOTHING : `${kwhNumber(kwh)}${NBSP}kWh`;
}

/** Of a share between 0 and 1. Rounded down, so that 99.6% never reads as all. */
export function percent(share: number): string {
  const whole = Math.floor(share * 100 + 1e-9) / 100;
  return new Intl.NumberFormat(formatLocale(), { style: "percent" }).format(whole);
}

/** "+12%", "−3%": against what it compares with. */
export function signedPercent(share: number): string {
  return new Intl.NumberFormat(formatLocale(), { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" }).format(share);
}

export function money(amount: number | null, currency: string | null): string {
  if (amount === null || currency === null) return NOTHING;
  return new Intl.NumberFormat(formatLocale(), { style: "currency", currency }).format(amount);
}

/** CO2 in kg. */
export function emission(kilograms: number): string {
  return `${number(kilograms, kilograms < 10 ? 1 : 0)}${NBSP}kg`;
}

/** A count; of a meter whose interval does not divide the hour, "8.6" readings are expected in one. */
export function count(value: number): string {
  return number(value, Number.isInteger(value) ? 0 : 1);
}

/** "14:00" */
export function clock(instant: Instant, zone: string): string {
  return date(instant, zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** "Sat 21 Nov, 14:05" */
export function moment(instant: Instant, zone: string): string {
  return `${date(instant, zone, { weekday: "short", day: "numeric", month: "short" })}, ${clock(instant, zone)}`;
}

/** "Saturday 21 November 2026 at 14:05:09 +01:00": all there is to say of an instant. */
export function exactMoment(instant: Instant, zone: string): string {
  const text = date(instant, zone, { dateStyle: "full", timeStyle: "medium", hourCycle: "h23" });
  return `${text} ${offsetText(instant, zone)}`;
}

/** "Saturday 21 November 2026": a calendar day, the same whatever the zone. */
export function day(localDate: LocalDate): string {
  return date(`${localDate}T12:00:00Z`, "UTC", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

/** "Sat 21 Nov" */
export function shortDay(localDate: LocalDate): string {
  return date(`${localDate}T12:00:00Z`, "UTC", { weekday: "short", day: "numeric", month: "short" });
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 minutes ago" */
export function age(instant: Instant, now: Instant): string {
  const seconds = (new Date(instant).getTime() - new Date(now).getTime()) / 1000;
  const formatter = new Intl.RelativeTimeFormat(formatLocale(), { numeric: "auto" });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return formatter.format(Math.trunc(seconds / size), unit);
  }
  return formatter.format(0, "second");
}
