import type { Kind } from "@/features/devices/kind";

import type { SlotQuality } from "./model";

const COLOURS: Record<Kind, string> = {
  consumption: "var(--series-actual)",
  production: "var(--series-production)",
  grid_import: "var(--series-other)",
  grid_export: "var(--series-other)",
};

export const seriesColour = (kind: Kind): string => COLOURS[kind];

/** Which texture an hour's bar has: quality is never told by colour alone. */
const TEXTURES: Partial<Record<SlotQuality, "hatched" | "dotted" | "crossed">> = {
  partial: "hatched",
  running: "hatched",
  estimated: "dotted",
  reset: "crossed",
};

const patternId = (texture: string) => `day-${texture}`;

/** Once per drawing: the textures in the colour of its series. */
export function QualityPatterns({ colour }: { colour: string }) {
  return (
    <defs>
      <pattern id={patternId("hatched")} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="6" height="6" fill={colour} fillOpacity="0.15" />
        <rect width="2.5" height="6" fill={colour} />
      </pattern>
      <pattern id={patternId("dotted")} width="6" height="6" patternUnits="userSpaceOnUse">
        <rect width="6" height="6" fill={colour} fillOpacity="0.15" />
        <circle cx="3" cy="3" r="1.6" fill={colour} />
      </pattern>
      <pattern id={patternId("crossed")} width="7" height="7" patternUnits="userSpaceOnUse">
        <rect width="7" height="7" fill={colour} fillOpacity="0.15" />
        <path d="M0 0L7 7M7 0L0 7" stroke={colour} strokeWidth="1.4" />
      </pattern>
    </defs>
  );
}

interface MarkProps {
  x?: number;
  y?: number;
  width?: number;
  height?: number;
  payload?: { slot: { quality: SlotQuality } };
  colour: string;
}

/** One hour's bar. A late hour is solid with a detached cap, all others are told apart by their texture. */
export function HourMark({ x = 0, y = 0, width = 0, height = 0, payload, colour }: MarkProps) {
  const quality = payload?.slot.quality ?? "measured";
  if (!(height > 0) || !(width > 0)) return null;
  const texture = TEXTURES[quality];
  const capped = quality === "late" && height > 8;
  const top = capped ? y + 5 : y;
  const radius = Math.min(2.5, width / 3);
  return (
    <g>
      {capped && <rect x={x} y={y} width={width} height={2.5} fill={colour} />}
      <rect
        x={texture ? x + 0.5 : x}
        y={top}
        width={texture ? Math.max(0, width - 1) : width}
        height={y + height - top}
        rx={radius}
        fill={texture ? `url(#${patternId(texture)})` : colour}
        stroke={texture ? colour : "none"}
        strokeWidth={texture ? 1 : 0}
      />
    </g>
  );
}

/** Where an hour is missing: a gap with a mark, never a bar of height zero. */
export function MissingMark({ cx = 0, cy = 0 }: { cx?: number; cy?: number }) {
  return (
    <path
      d={`M${cx - 3.5} ${cy - 12}l7 7m0 -7l-7 7`}
      fill="none"
      stroke="var(--muted)"
      strokeWidth="1.6"
      strokeLinecap="round"
    />
  );
}

/** A key's sample of an hour's bar. */
export function QualitySample({ quality, colour }: { quality: SlotQuality; colour: string }) {
  return (
    <svg aria-hidden="true" width="14" height="14">
      {quality === "missing" ? (
        <MissingMark cx={7} cy={15.5} />
      ) : (
        <HourMark x={1} y={1} width={12} height={12} payload={{ slot: { quality } }} colour={colour} />
      )}
    </svg>
  );
}
