import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";

import type { Device } from "@/api/generated/devices";
import { Card } from "@/components/card";
import { Page } from "@/components/page";
import { Failure, Loading, Skeleton } from "@/components/states";

import { useDevice } from "./api";
import { DeviceForm } from "./device-form";

export function NewDevicePage() {
  const { t } = useTranslation();
  const open = useOpenDevice();
  return (
    <Page title={t("deviceForm.newTitle")}>
      <Card className="max-w-2xl p-5 sm:p-6">
        <DeviceForm device={null} cancelTo="/devices" onSaved={open} />
      </Card>
    </Page>
  );
}

export function EditDevicePage() {
  const { t } = useTranslation();
  const { deviceId = "" } = useParams();
  const device = useDevice(deviceId);
  const open = useOpenDevice();
  if (device.data === undefined && device.isError) {
    return <Failure error={device.error} onRetry={() => void device.refetch()} />;
  }
  return (
    <Page title={t("deviceForm.editTitle", { name: device.data?.name ?? "" })}>
      <Card className="max-w-2xl p-5 sm:p-6">
        {device.data && !device.isPlaceholderData ? (
          <DeviceForm key={device.data.updated_at} device={device.data} cancelTo={`/devices/${deviceId}`} onSaved={open} />
        ) : (
          <Loading>
            <Skeleton className="h-96 w-full" />
          </Loading>
        )}
      </Card>
    </Page>
  );
}

function useOpenDevice() {
  const navigate = useNavigate();
  return (device: Device) => navigate(`/devices/${device.id}`);
}
