import { useTranslation } from "react-i18next";

import type { Device } from "@/api/generated/devices";
import { LinkButton } from "@/components/button";
import { SelectField, TextField } from "@/components/field";
import { FormFailure, Submit, useServiceForm } from "@/components/form";
import { usePlants } from "@/features/plants/api";
import { z } from "@/lib/schema";

import { useSaveDevice } from "./api";

const KINDS = ["consumption", "production", "grid_import", "grid_export"] as const;
const READINGS = ["interval_kwh", "power_w", "register_kwh"] as const;

/** A number, or nothing: an empty field means "not set", never zero. */
const emptyOr = (check: (value: number) => boolean, message: string) =>
  z.string().check(
    z.trim(),
    z.refine((text: string) => text === "" || (Number.isFinite(Number(text)) && check(Number(text))), message),
  );

const schema = z.object({
  name: z.string().check(z.trim(), z.minLength(1, "form.required")),
  description: z.string().check(z.trim()),
  kind: z.enum(KINDS),
  reading: z.enum(READINGS),
  interval_seconds: z.string().check(
    z.trim(),
    z.refine((text: string) => Number.isInteger(Number(text)) && Number(text) >= 1, "form.wholeSeconds"),
  ),
  max_consumption: emptyOr((value) => value > 0, "form.positive"),
  rated_power_w: emptyOr((value) => value > 0, "form.positive"),
  plant: z.string(),
});

const asText = (value: number | null | undefined) => (value === null || value === undefined ? "" : String(value));
const asNumber = (text: string) => (text === "" ? null : Number(text));

interface Props {
  /** null: a new one */
  device: Device | null;
  cancelTo: string;
  onSaved: (device: Device) => unknown;
}

export function DeviceForm({ device, cancelTo, onSaved }: Props) {
  const { t } = useTranslation();
  const save = useSaveDevice(device?.id ?? null);
  const plants = usePlants();
  const form = useServiceForm({
    schema,
    defaultValues: {
      name: device?.name ?? "",
      description: device?.description ?? "",
      kind: device?.kind ?? "consumption",
      reading: device?.reading ?? "interval_kwh",
      interval_seconds: String(device?.interval_seconds ?? 600),
      max_consumption: asText(device?.max_consumption),
      rated_power_w: asText(device?.rated_power_w),
      plant: device?.plant ?? "",
    },
    send: async (values) => {
      const saved = await save.mutateAsync({
        ...values,
        interval_seconds: Number(values.interval_seconds),
        max_consumption: asNumber(values.max_consumption),
        rated_power_w: asNumber(values.rated_power_w),
        plant: values.plant || null,
      });
      await onSaved(saved);
    },
  });

  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={form.submit}>
      <FormFailure form={form} />
      <TextField label={t("deviceForm.name")} autoComplete="off" {...form.field("name")} />
      <TextField
        optional
        label={t("deviceForm.description")}
        autoComplete="off"
        {...form.field("description")}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField label={t("deviceForm.kind")} {...form.field("kind")}>
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {t(`devices.kinds.${kind}`)}
            </option>
          ))}
        </SelectField>
        {/* Until the plants are here the select could not hold the device's own plant. */}
        <SelectField
          key={plants.data ? "plants" : "waiting"}
          optional
          label={t("deviceForm.plant")}
          hint={t("deviceForm.plantHelp")}
          {...form.field("plant")}
        >
          <option value="">{t("common.none")}</option>
          {plants.data?.map((plant) => (
            <option key={plant.id} value={plant.id}>
              {plant.name}
            </option>
          ))}
        </SelectField>
        <SelectField label={t("deviceForm.reading")} {...form.field("reading")}>
          {READINGS.map((reading) => (
            <option key={reading} value={reading}>
              {t(`devices.readings.${reading}`)}
            </option>
          ))}
        </SelectField>
        <TextField
          label={t("deviceForm.interval")}
          inputMode="numeric"
          {...form.field("interval_seconds")}
        />
        <TextField
          optional
          label={t("deviceForm.limit")}
          hint={t("deviceForm.limitHelp")}
          inputMode="decimal"
          {...form.field("max_consumption")}
        />
        <TextField
          optional
          label={t("deviceForm.ratedPower")}
          hint={t("deviceForm.ratedPowerHelp")}
          inputMode="decimal"
          {...form.field("rated_power_w")}
        />
      </div>
      <div className="flex flex-wrap gap-2 pt-2">
        <Submit form={form}>{t(device === null ? "deviceForm.create" : "common.save")}</Submit>
        <LinkButton look="secondary" to={cancelTo}>
          {t("common.cancel")}
        </LinkButton>
      </div>
    </form>
  );
}
