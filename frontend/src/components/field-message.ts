import { useTranslation } from "react-i18next";

/** A field's message: a key of the catalogue from our own checks, or a sentence from the service. */
export function useFieldMessage(): (message: string | undefined) => string | undefined {
  const { t, i18n } = useTranslation();
  return (message) => {
    if (message === undefined) return undefined;
    return message.startsWith("form.") && i18n.exists(message) ? t(message as "form.required") : message;
  };
}
