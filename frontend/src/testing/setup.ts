import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

import { setAccessToken } from "@/api/http";
import "@/lib/i18n";
// TZDate extends the Date that it finds when it is loaded: that must not be one that a test has put there.
import "@/lib/zone";

// Pages are loaded on first use; on a busy machine that may take a while, and no test is about speed.
configure({ asyncUtilTimeout: 20_000 });

// jsdom lays nothing out, so it has nowhere to scroll to.
Element.prototype.scrollIntoView = () => undefined;

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  localStorage.clear();
  setAccessToken(null);
});
