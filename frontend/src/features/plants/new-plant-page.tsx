import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";

import { Button, LinkButton } from "@/components/button";
import { Card } from "@/components/card";
import { FormError, TextField } from "@/components/field";
import { useFieldMessage } from "@/components/field-message";
import { spreadFieldErrors } from "@/components/form";
import { Page } from "@/components/page";
import { useErrorText } from "@/components/states";
import { z } from "@/lib/schema";

import { useCreatePlant } from "./api";

const ZONES = Intl.supportedValuesOf("timeZone");

function isZone(name: string): boolean {
  try {
    return name.length > 0 && new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false; // RangeError: no such zone
  }
}

const schema = z.object({
  name: z.string().check(z.trim(), z.minLength(1, "form.required")),
  timezone: z.string().check(z.trim(), z.refine(isZone, "form.zone")),
  country: z.string().check(z.trim(), z.toUpperCase()),
});
type Values = z.infer<typeof schema>;
const FIELDS = ["name", "timezone", "country"] as const;

export function NewPlantPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const create = useCreatePlant();
  const errorText = useErrorText();
  const message = useFieldMessage();
  const [failure, setFailure] = useState<unknown>(null);
  const { register, handleSubmit, setError, formState } = useForm<Values>({
    resolver: zodResolver(schema),
    // The person who creates a plant is most often near it; the field says what was taken.
    defaultValues: { timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, country: "" },
  });
  const { errors, isSubmitting } = formState;

  const submit = handleSubmit(async (values) => {
    setFailure(null);
    try {
      await create.mutateAsync({ ...values, country: values.country || null });
      await navigate("/plants");
    } catch (error) {
      setFailure(spreadFieldErrors(error, FIELDS, setError));
    }
  });

  return (
    <Page title={t("plants.newTitle")} lead={t("plants.lead")}>
      <Card className="max-w-2xl p-5 sm:p-6">
        <form noValidate className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
          {failure !== null && <FormError>{errorText(failure)}</FormError>}
          <TextField label={t("plants.name")} autoComplete="off" error={message(errors.name?.message)} {...register("name")} />
          <TextField
            label={t("plants.zone")}
            list="time-zones"
            autoComplete="off"
            spellCheck={false}
            error={message(errors.timezone?.message)}
            {...register("timezone")}
          />
          <datalist id="time-zones">
            {ZONES.map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
          <TextField
            optional
            label={t("plants.country")}
            hint={t("plants.countryHelp")}
            maxLength={2}
            autoComplete="off"
            error={message(errors.country?.message)}
            {...register("country")}
          />
          <div className="flex flex-wrap gap-2 pt-2">
            <Button type="submit" disabled={isSubmitting}>
              {t("plants.create")}
            </Button>
            <LinkButton look="secondary" to="/plants">
              {t("common.cancel")}
            </LinkButton>
          </div>
        </form>
      </Card>
    </Page>
  );
}
