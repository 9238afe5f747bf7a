import type { Device } from "@/api/generated/devices";

export type Kind = NonNullable<Device["kind"]>;

/** What a device measures; consumption where the service leaves it out, as the contract has it. */
export const kindOf = (device: Device | undefined): Kind => device?.kind ?? "consumption";
