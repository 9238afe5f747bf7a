import { ApiError, isTransient } from "./errors";

const unknown = (error: Error) => error instanceof ApiError && error.status === 404;

/**
 * How to ask one service about something that another one has just made: it learns of it by an event, so a 404 within the
 * first half minute may only mean "not yet".
 */
export const untilKnown = {
  retry: (failures: number, error: Error) => (unknown(error) ? failures < 20 : failures < 2 && isTransient(error)),
  retryDelay: (failures: number, error: Error) => (unknown(error) ? 1_500 : 1_000 * 2 ** failures),
};
