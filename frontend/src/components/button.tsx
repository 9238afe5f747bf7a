import type { ComponentProps } from "react";
import { Link } from "react-router";

const BASE =
  "inline-flex min-h-11 items-center justify-center gap-2 rounded-lg px-4 text-sm font-medium transition-colors sm:min-h-10 " +
  "disabled:cursor-not-allowed disabled:opacity-60 aria-disabled:cursor-not-allowed aria-disabled:opacity-50";

const LOOKS = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  secondary: "border border-control/50 bg-surface text-ink hover:bg-sunken",
  danger: "bg-bad text-surface hover:opacity-90",
  quiet: "text-accent hover:bg-accent-soft",
} as const;

interface Look {
  look?: keyof typeof LOOKS;
}

export function Button({ look = "primary", className = "", type = "button", ...rest }: ComponentProps<"button"> & Look) {
  return <button type={type} className={`${BASE} ${LOOKS[look]} ${className}`} {...rest} />;
}

export function LinkButton({ look = "primary", className = "", ...rest }: ComponentProps<typeof Link> & Look) {
  return <Link className={`${BASE} ${LOOKS[look]} ${className}`} {...rest} />;
}
