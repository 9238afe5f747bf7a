import { ChevronsUpDown } from "lucide-react";
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { CONTROL, described, Frame, type FrameProps } from "./field";

export interface Option {
  value: string;
  label: string;
  note?: string | undefined;
}

interface Props extends FrameProps {
  /** What the chosen one is called; empty when none is. */
  chosen: string;
  /** Those that match what is typed: at most a screenful. */
  options: readonly Option[];
  onSearch: (text: string) => void;
  onChoose: (option: Option) => void;
  /** Given when nothing may be chosen: called when the field is emptied. */
  onClear?: () => void;
  placeholder?: string;
}

/**
 * A field that offers what matches while one types: arrows, Enter and Escape as the ARIA practices have it. Leaving it
 * chooses what was written in full, and otherwise brings back what was chosen before.
 */
export function Combobox({ chosen, options, onSearch, onChoose, onClear, placeholder, ...frame }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  // null: nothing is being typed, the field shows what is chosen
  const [typed, setTyped] = useState<string | null>(null);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const marked = Math.min(active, options.length - 1);

  useEffect(() => {
    if (open) list.current?.children[marked]?.scrollIntoView({ block: "nearest" });
  }, [open, marked]);

  const search = (text: string | null) => {
    setTyped(text);
    setActive(0);
    onSearch(text ?? "");
  };
  const close = () => {
    setOpen(false);
    search(null);
  };
  const choose = (option: Option) => {
    onChoose(option);
    close();
  };
  const leave = () => {
    const whole = options.find(({ label }) => label.toLowerCase() === typed?.trim().toLowerCase());
    if (typed?.trim() === "" && onClear) onClear();
    else if (whole) onChoose(whole);
    close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const option = options[marked];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open) setActive((marked + (event.key === "ArrowDown" ? 1 : -1) + options.length) % Math.max(1, options.length));
      else setOpen(true);
    } else if (event.key === "Enter" && open) {
      event.preventDefault(); // the form is not sent by choosing
      if (option) choose(option);
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      close();
    }
  };

  return (
    <Frame id={id} {...frame}>
      <div className="relative">
        <input
          id={id}
          role="combobox"
          aria-expanded={open}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={open && marked >= 0 ? `${id}-${marked}` : undefined}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder={placeholder}
          className={`${CONTROL} pr-10 placeholder:text-muted`}
          value={typed ?? chosen}
          onChange={(event) => {
            setOpen(true);
            search(event.target.value);
          }}
          onClick={() => setOpen(true)}
          onFocus={(event) => event.target.select()}
          onBlur={leave}
          onKeyDown={onKeyDown}
          {...described(id, frame)}
        />
        <ChevronsUpDown aria-hidden="true" className="pointer-events-none absolute top-1/2 right-3 size-4 -translate-y-1/2 text-muted" />
        <div
          ref={list}
          id={`${id}-list`}
          role="listbox"
          aria-label={frame.label}
          hidden={!open || options.length === 0}
          className="absolute inset-x-0 top-full z-10 mt-1 max-h-64 overflow-y-auto rounded-lg border border-line bg-surface p-1 shadow-lg"
        >
          {options.map((option, index) => (
            <button
              key={option.value}
              id={`${id}-${index}`}
              type="button"
              role="option"
              tabIndex={-1}
              aria-selected={index === marked}
              className="flex min-h-11 w-full items-center justify-between gap-3 rounded-md px-2.5 text-left text-sm hover:bg-sunken aria-selected:bg-accent-soft sm:min-h-9"
              // The focus stays in the field.
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => choose(option)}
            >
              <span className="min-w-0 break-words">{option.label}</span>
              {option.note !== undefined && <span className="shrink-0 text-muted tabular-nums">{option.note}</span>}
            </button>
          ))}
        </div>
      </div>
      <p role="status" className={open && options.length === 0 ? "text-sm text-muted" : "sr-only"}>
        {open && (options.length === 0 ? t("combobox.none", { text: typed ?? "" }) : t("combobox.count", { count: options.length }))}
      </p>
    </Frame>
  );
}
