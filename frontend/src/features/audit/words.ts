import type { ActionEnum } from "@/api/generated/auth";

/** What can be done to accounts, as people look for it: coming and going, passwords, accounts, the system. */
export const ACTIONS = [
  "signed_in",
  "sign_in_failed",
  "signed_out",
  "refresh_reused",
  "password_changed",
  "password_reset_asked",
  "password_reset",
  "password_link_made",
  "registered",
  "registration_undone",
  "created",
  "created_by_command",
  "email_verified",
  "google_linked",
  "user_changed",
  "role_changed",
  "deactivated",
  "reactivated",
  "exported",
  "deleted",
  "erased",
  "key_rotated",
] as const satisfies readonly ActionEnum[];

export function isAction(text: string | null): text is ActionEnum {
  return ACTIONS.some((action) => action === text);
}

/** Done where nobody is signed in and nobody could be: on the machine itself. */
export const BY_COMMAND: ReadonlySet<ActionEnum> = new Set(["created_by_command", "password_link_made", "key_rotated"]);
