/**
 * From a day's hours and a forecast to the slots that chart and table draw. Pure: no clock, no network, no words.
 * Energies are kWh, instants ms since 1970; hours are those of the meter's zone.
 */
import { clock } from "@/lib/format";
import { dayBounds, localDate, offsetText, type LocalDate } from "@/lib/zone";

export type Quality = "missing" | "reset" | "estimated" | "partial" | "late" | "measured";
/** An hour that runs or lies ahead cannot be missing yet. */
export type SlotQuality = Quality | "running" | "ahead";

export interface HourIn {
  start: string;
  kwh: number | null;
  readings: number;
  expected: number | null;
  quality: Quality;
}

export interface PointIn {
  start: string;
  kwh: number;
  lower_80: number;
  upper_80: number;
  lower_95: number;
  upper_95: number;
}

export interface Expectation {
  kwh: number;
  lower80: number;
  upper80: number;
}

export interface Slot {
  start: number;
  end: number;
  /** Local day that the slot belongs to: the shown one, or the next where the forecast goes on past midnight. */
  date: LocalDate;
  /** "14:00"; the repeated hour of a 25-hour day carries its offset. */
  label: string;
  kwh: number | null;
  readings: number;
  expected: number | null;
  quality: SlotQuality;
  forecast: Expectation | null;
}

export interface Completeness {
  received: number;
  expected: number;
}

export interface DayModel {
  date: LocalDate;
  zone: string;
  slots: Slot[];
  totalKwh: number | null;
  /** Of the hours that are over: readings, or hours where the meter's interval is longer than one. */
  completeness: Completeness & { unit: "readings" | "hours" };
  /** Hours of this day (not of the next) that the forecast speaks of. */
  aheadKwh: number | null;
  /** What the day comes to if the forecast holds; null where part of it is unknown. */
  projectedKwh: number | null;
  /** 23, 24, 25, or 24.5 where the clock moves by half an hour. */
  lengthHours: number;
}

const HOUR = 3_600_000;
/** Past midnight the forecast goes on until it covers this much. */
const CONTINUATION = 24 * HOUR;

interface Span {
  start: number;
  end: number;
}

/**
 * The forecast of a stretch of time. Its hours are UTC hours; those of a zone with a 30- or 45-minute offset straddle two
 * of them, so energy is split by time. Null unless the forecast covers the whole stretch.
 */
export function expectationFor(span: Span, points: readonly PointIn[]): Expectation | null {
  let covered = 0;
  const sum: Expectation = { kwh: 0, lower80: 0, upper80: 0 };
  for (const point of points) {
    const start = Date.parse(point.start);
    const overlap = Math.min(span.end, start + HOUR) - Math.max(span.start, start);
    if (overlap <= 0) continue;
    covered += overlap;
    sum.kwh += (point.kwh * overlap) / HOUR;
    sum.lower80 += (point.lower_80 * overlap) / HOUR;
    sum.upper80 += (point.upper_80 * overlap) / HOUR;
  }
  return covered >= span.end - span.start ? sum : null;
}

function qualityNow(hour: HourIn, span: Span, now: number): SlotQuality {
  if (span.start > now) return hour.kwh === null ? "ahead" : hour.quality;
  if (span.end > now && (hour.quality === "missing" || hour.quality === "partial")) return "running";
  return hour.quality;
}

function labelSlots(slots: Slot[], zone: string): void {
  const seen = new Map<string, Slot[]>();
  for (const slot of slots) {
    const key = `${slot.date} ${slot.label}`;
    seen.set(key, [...(seen.get(key) ?? []), slot]);
  }
  for (const sameLabel of seen.values()) {
    if (sameLabel.length < 2) continue;
    for (const slot of sameLabel) slot.label = `${slot.label} (${offsetText(slot.start, zone)})`;
  }
}

function completenessOf(slots: readonly Slot[], now: number): DayModel["completeness"] {
  const over = slots.filter((slot) => slot.end <= now);
  const counted = over.filter((slot) => slot.expected !== null);
  if (counted.length < over.length) {
    return { unit: "hours", received: over.filter((slot) => slot.kwh !== null).length, expected: over.length };
  }
  return {
    unit: "readings",
    // An hour with surplus readings does not make up for another's gap.
    received: counted.reduce((sum, slot) => sum + Math.min(slot.readings, slot.expected ?? 0), 0),
    expected: counted.reduce((sum, slot) => sum + (slot.expected ?? 0), 0),
  };
}

export function buildDay(input: {
  date: LocalDate;
  zone: string;
  hours: readonly HourIn[];
  totalKwh: number | null;
  forecast: readonly PointIn[];
  now: number;
}): DayModel {
  const { date, zone, hours, forecast, now } = input;
  const bounds = dayBounds(date, zone);
  const slots: Slot[] = hours.map((hour, index) => {
    const start = Date.parse(hour.start);
    const next = hours[index + 1];
    const span = { start, end: next ? Date.parse(next.start) : bounds.end };
    return {
      ...span,
      date,
      label: clock(start, zone),
      kwh: hour.kwh,
      readings: hour.readings,
      expected: hour.expected,
      quality: qualityNow(hour, span, now),
      forecast: expectationFor(span, forecast),
    };
  });
  const ofDay = slots.length;

  const first = forecast[0] ? Date.parse(forecast[0].start) : null;
  if (first !== null && first > bounds.start - HOUR && first <= bounds.end) {
    const until = first + CONTINUATION;
    for (let start = bounds.end; start + HOUR <= until; start += HOUR) {
      const span = { start, end: start + HOUR };
      const expectation = expectationFor(span, forecast);
      if (!expectation) break;
      slots.push({
        ...span,
        date: localDate(start, zone),
        label: clock(start, zone),
        kwh: null,
        readings: 0,
        expected: null,
        quality: "ahead",
        forecast: expectation,
      });
    }
  }
  labelSlots(slots, zone);

  const day = slots.slice(0, ofDay);
  const ahead = day.filter((slot) => slot.forecast !== null);
  const behind = day.filter((slot) => slot.forecast === null);
  const aheadKwh = ahead.length > 0 ? ahead.reduce((sum, slot) => sum + (slot.forecast?.kwh ?? 0), 0) : null;
  const known = aheadKwh !== null && behind.every((slot) => slot.kwh !== null && slot.quality !== "running");
  return {
    date,
    zone,
    slots,
    totalKwh: input.totalKwh,
    completeness: completenessOf(day, now),
    aheadKwh,
    projectedKwh: known ? behind.reduce((sum, slot) => sum + (slot.kwh ?? 0), aheadKwh) : null,
    lengthHours: (bounds.end - bounds.start) / HOUR,
  };
}

/** What the page's sentence speaks of: the next hour with a forecast; of a forecast that is wholly past, its first. */
export function nextExpected(day: DayModel, now: number): Slot | null {
  const expected = day.slots.filter((slot) => slot.forecast !== null);
  return expected.find((slot) => slot.end > now) ?? expected[0] ?? null;
}

/** The newest local day that holds data. A reading at midnight belongs to the day that it ends. */
export function newestDay(lastSeen: string | null, zone: string): LocalDate | null {
  return lastSeen === null ? null : localDate(Date.parse(lastSeen) - 1, zone);
}
