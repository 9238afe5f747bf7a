import { zodResolver } from "@hookform/resolvers/zod";
import { useState, type ComponentProps } from "react";
import { useForm, type DefaultValues, type FieldValues, type Path, type UseFormReturn, type UseFormSetError } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/errors";
import { useWait } from "@/lib/clock";
import type { z } from "@/lib/schema";

import { Button } from "./button";
import { useErrorText } from "./states";

/** How long to wait when a service says "too many" without saying how long. */
const USUAL_WAIT = 10;

/**
 * Puts a service's field errors beside their fields. Answers what is left to say about the form as a whole, or null when
 * every message has found its field.
 */
function spreadFieldErrors<T extends FieldValues>(error: unknown, known: readonly string[], setError: UseFormSetError<T>): ApiError | null {
  if (!(error instanceof ApiError)) return new ApiError(0);
  const homeless: string[] = error.detail === null ? [] : [error.detail];
  let placed = 0;
  for (const [name, messages] of Object.entries(error.fields)) {
    if (known.includes(name)) {
      setError(name as Path<T>, { message: messages.join(" ") }, { shouldFocus: placed === 0 });
      placed += 1;
    } else if (name !== "non_field_errors") {
      homeless.push(`${name}: ${messages.join(" ")}`);
    }
  }
  if (placed > 0 && homeless.length === 0) return null;
  return new ApiError(error.status, homeless.join(" ") || null, {}, error.requestId, error.retryAfter);
}

interface Options<T extends FieldValues> {
  /** What one may write; its keys are the names of the fields, here as in the service. */
  schema: z.ZodMiniType<T, T> & { shape: Record<keyof T, unknown> };
  defaultValues?: DefaultValues<T>;
  /** Rejects with what the service says; its field errors appear beside their fields. */
  send: (values: T) => Promise<unknown>;
}

export interface ServiceForm<T extends FieldValues> extends UseFormReturn<T> {
  /** What a field component needs: registration and message. */
  field: (name: Path<T>) => ReturnType<UseFormReturn<T>["register"]> & { error: string | undefined };
  message: (name: Path<T>) => string | undefined;
  submit: NonNullable<ComponentProps<"form">["onSubmit"]>;
  failure: ApiError | null;
  /** Seconds until the service will listen again; 0: it does. */
  wait: number;
}

/** A form that checks by a schema, sends, and says what the service answered. */
export function useServiceForm<T extends FieldValues>({ schema, defaultValues, send }: Options<T>): ServiceForm<T> {
  const { t, i18n } = useTranslation();
  const [failure, setFailure] = useState<ApiError | null>(null);
  const [wait, startWait] = useWait();
  const form = useForm<T>({ resolver: zodResolver(schema) as never, defaultValues });

  const submit = form.handleSubmit(async (values) => {
    setFailure(null);
    try {
      await send(values);
    } catch (error) {
      const rest = spreadFieldErrors(error, Object.keys(schema.shape), form.setError);
      if (rest?.status === 429) startWait(rest.retryAfter ?? USUAL_WAIT);
      setFailure(rest);
    }
  });

  /** A key of the catalogue from our own checks, or a sentence from the service. */
  const message = (name: Path<T>) => {
    const text = form.getFieldState(name, form.formState).error?.message;
    return text?.startsWith("form.") && i18n.exists(text) ? t(text as "form.required") : text;
  };

  return {
    ...form,
    field: (name) => ({ ...form.register(name), error: message(name) }),
    message,
    submit: (event) => {
      // Enter sends a form even while its button cannot be pressed.
      if (wait > 0) event.preventDefault();
      else void submit(event);
    },
    failure,
    wait,
  };
}

/** What a form says as a whole, read out when it appears. */
export function FormFailure({ form, text }: { form: Pick<ServiceForm<FieldValues>, "failure" | "wait">; text?: string }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { failure, wait } = form;
  if (failure === null) return null;
  if (failure.status === 429 && wait === 0) {
    return (
      <p role="status" className="rounded-lg bg-sunken px-4 py-3 text-sm">
        {t("form.waited")}
      </p>
    );
  }
  return (
    <div role="alert" className="flex flex-col gap-1 rounded-lg bg-bad-soft px-4 py-3 text-sm text-bad">
      <p>{text ?? errorText(failure)}</p>
      {failure.status >= 500 && failure.requestId !== null && (
        <p className="font-mono text-xs break-all">{t("states.requestId", { id: failure.requestId })}</p>
      )}
    </div>
  );
}

interface SubmitProps {
  form: Pick<ServiceForm<FieldValues>, "formState" | "wait">;
  children: string;
  /** What it says while the service is asked. */
  busy?: string;
  look?: ComponentProps<typeof Button>["look"];
}

export function Submit({ form: { formState, wait }, children, busy = children, look }: SubmitProps) {
  const { t } = useTranslation();
  return (
    <Button type="submit" look={look} disabled={formState.isSubmitting || wait > 0}>
      {formState.isSubmitting ? busy : wait > 0 ? t("form.wait", { count: wait }) : children}
    </Button>
  );
}
