import { useMemo, useRef, type KeyboardEvent, type PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import { Area, Bar, CartesianGrid, ComposedChart, Line, ReferenceArea, ReferenceDot, ReferenceLine, ResponsiveContainer, XAxis, YAxis } from "recharts";

import type { Kind } from "@/features/devices/kind";
import { day as dayText, kwhTick, shortDay } from "@/lib/format";

import { HourMark, MissingMark, QualityPatterns, seriesColour } from "./marks";
import type { DayModel, Slot } from "./model";

const AXIS_WIDTH = 44;
const MARGIN = { top: 20, right: 8, bottom: 0, left: 0 };
const TICK = { fill: "var(--muted)", fontSize: 12 };

interface Row {
  key: number;
  slot: Slot;
  kwh: number | null;
  forecast: number | null;
  band: [number, number] | null;
}

/** The dashed line starts where the measured hours end, so that it reads as their continuation. */
function toRows(slots: readonly Slot[]): Row[] {
  return slots.map((slot, index) => {
    const joins = !slot.forecast && slot.kwh !== null && slots[index + 1]?.forecast;
    const value = slot.forecast?.kwh ?? (joins ? slot.kwh : null);
    const band: [number, number] | null = slot.forecast
      ? [slot.forecast.lower80, slot.forecast.upper80]
      : joins && slot.kwh !== null
        ? [slot.kwh, slot.kwh]
        : null;
    return { key: slot.start, slot, kwh: slot.kwh, forecast: value, band };
  });
}

interface Props {
  day: DayModel;
  kind: Kind;
  /** kWh per hour */
  limit: number | null;
  cursor: number | null;
  onCursor: (index: number | null) => void;
  describedBy: string;
}

export default function DayChart({ day, kind, limit, cursor, onCursor, describedBy }: Props) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => toRows(day.slots), [day]);
  const labels = new Map(day.slots.map((slot) => [slot.start, slot.label]));
  const colour = seriesColour(kind);
  const highest = Math.max(0, ...day.slots.map((slot) => Math.max(slot.kwh ?? 0, slot.forecast?.upper80 ?? 0)));
  const limitFits = limit !== null && limit <= highest * 1.6;
  const midnight = day.slots.find((slot) => slot.date !== day.date);
  const chosen = cursor === null ? undefined : rows[cursor];

  const toIndex = (clientX: number): number | null => {
    const frame = box.current?.getBoundingClientRect();
    if (!frame) return null;
    const left = frame.left + MARGIN.left + AXIS_WIDTH;
    const share = (clientX - left) / (frame.right - MARGIN.right - left);
    return share < 0 || share >= 1 ? null : Math.floor(share * rows.length);
  };
  const onPointer = (event: PointerEvent) => onCursor(toIndex(event.clientX));
  const onKeyDown = (event: KeyboardEvent) => {
    const last = rows.length - 1;
    const moves: Record<string, number | null> = {
      ArrowRight: cursor === null ? 0 : Math.min(last, cursor + 1),
      ArrowLeft: cursor === null ? last : Math.max(0, cursor - 1),
      Home: 0,
      End: last,
      Escape: null,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    onCursor(moves[event.key] ?? null);
  };

  return (
    /* eslint-disable jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions --
       the chart takes the focus so that arrow keys can read it hour by hour; the table below is the plain way */
    <div
      ref={box}
      role="group"
      tabIndex={0}
      aria-label={t("day.chartLabel", { day: dayText(day.date) })}
      aria-describedby={describedBy}
      className="h-72 touch-pan-y rounded-lg select-none sm:h-80"
      onKeyDown={onKeyDown}
      onPointerMove={onPointer}
      onPointerDown={onPointer}
      onPointerLeave={(event) => event.pointerType === "mouse" && onCursor(null)}
    >
      {/* eslint-enable */}
      <div aria-hidden="true" className="h-full">
        <ResponsiveContainer width="100%" height="100%">
          <ComposedChart data={rows} margin={MARGIN} barCategoryGap="12%" accessibilityLayer={false}>
            <QualityPatterns colour={colour} />
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis
              dataKey="key"
              tickFormatter={(start: number) => labels.get(start) ?? ""}
              tick={TICK}
              tickLine={false}
              axisLine={{ stroke: "var(--control)" }}
              minTickGap={18}
            />
            <YAxis
              width={AXIS_WIDTH}
              tickFormatter={kwhTick}
              tick={TICK}
              tickLine={false}
              axisLine={false}
              domain={[0, limitFits ? (max: number) => Math.max(max, limit * 1.05) : "auto"]}
            />
            {midnight && (
              <ReferenceLine
                x={midnight.start}
                stroke="var(--control)"
                position="start"
                label={{ value: shortDay(midnight.date), position: "insideTopLeft", dy: -20, fill: "var(--muted)", fontSize: 12 }}
              />
            )}
            {chosen && <ReferenceArea x1={chosen.key} x2={chosen.key} fill="var(--ink)" fillOpacity={0.09} />}
            <Area
              dataKey="band"
              type="monotone"
              stroke="none"
              fill="var(--series-forecast)"
              fillOpacity={0.2}
              isAnimationActive={false}
              activeDot={false}
            />
            <Bar dataKey="kwh" isAnimationActive={false} shape={(props: unknown) => <HourMark {...(props as object)} colour={colour} />} />
            <Line
              dataKey="forecast"
              type="monotone"
              stroke="var(--series-forecast)"
              strokeWidth={2}
              strokeDasharray="5 4"
              dot={false}
              activeDot={false}
              isAnimationActive={false}
            />
            {rows
              .filter(({ slot }) => slot.quality === "missing")
              .map(({ key }) => (
                <ReferenceDot key={key} x={key} y={0} r={4} shape={(props: unknown) => <MissingMark {...(props as object)} />} />
              ))}
            {limitFits && <ReferenceLine y={limit} stroke="var(--bad)" strokeDasharray="2 3" />}
          </ComposedChart>
        </ResponsiveContainer>
      </div>
    </div>
  );
}
