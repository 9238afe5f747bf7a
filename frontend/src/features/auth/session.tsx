import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { login, logout, type User } from "@/api/generated/auth";
import { refreshSession, setAccessToken, setExpiredHandler } from "@/api/http";

export type SignedIn = Pick<User, "id" | "username" | "role" | "email" | "email_verified">;

/** Why there is no session: none was begun or it was left, it ran out, the password was reset, the account is gone. */
type Ended = "anonymous" | "expired" | "password-reset" | "erased";

/** `unreachable`: there may be a session, but nobody could tell. */
export type Session = { state: "restoring" | "unreachable" | Ended } | { state: "signed-in"; user: SignedIn };

interface SessionActions {
  session: Session;
  signIn: (credentials: { username: string; password: string }) => Promise<void>;
  signOut: () => Promise<void>;
  /** The session is over for the services already; here it is forgotten, and the sign-in page says why. */
  forget: (why: Exclude<Ended, "anonymous">) => void;
  restore: () => Promise<void>;
  /** The signed-in person's e-mail address turned out to be verified. */
  noteVerified: () => void;
}

const SessionContext = createContext<SessionActions | null>(null);

const HINT = "ems.signed-in";

/** Whether this browser signed in before. Without it a first visit would begin with a refused request. */
export function signedInBefore(): boolean {
  return hint();
}

function hint(value?: boolean): boolean {
  try {
    if (value === true) localStorage.setItem(HINT, "1");
    if (value === false) localStorage.removeItem(HINT);
    return localStorage.getItem(HINT) !== null;
  } catch {
    // Storage may be forbidden: then asking the server is the only way to know.
    return true;
  }
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [session, setSession] = useState<Session>({ state: "restoring" });
  const started = useRef(false);

  const end = useCallback(
    (state: Ended) => {
      setAccessToken(null);
      hint(false);
      queries.clear(); // the next person must not see this one's numbers
      setSession({ state });
    },
    [queries],
  );

  const restore = useCallback(async () => {
    if (!hint()) {
      setSession({ state: "anonymous" });
      return;
    }
    setSession({ state: "restoring" });
    try {
      const restored = await refreshSession();
      if (restored === null) end("expired");
      else setSession({ state: "signed-in", user: restored.user });
    } catch {
      setSession((now) => (now.state === "restoring" ? { state: "unreachable" } : now));
    }
  }, [end]);

  useEffect(() => {
    setExpiredHandler(() => end("expired"));
    // Strict mode runs effects twice, and a refresh token works once.
    if (started.current) return;
    started.current = true;
    void restore();
  }, [end, restore]);

  const actions = useMemo<SessionActions>(
    () => ({
      session,
      restore,
      forget: end,
      noteVerified: () =>
        setSession((now) => (now.state === "signed-in" ? { ...now, user: { ...now.user, email_verified: true } } : now)),
      signIn: async (credentials) => {
        const { access, user } = await login({ body: { ...credentials, cookie: true } });
        setAccessToken(access);
        hint(true);
        setSession({ state: "signed-in", user });
      },
      signOut: async () => {
        try {
          await logout({ body: {} });
        } finally {
          end("anonymous");
        }
      },
    }),
    [session, restore, end],
  );
  return <SessionContext value={actions}>{children}</SessionContext>;
}

export function useSession(): SessionActions {
  const value = useContext(SessionContext);
  if (value === null) throw new Error("useSession is used outside SessionProvider.");
  return value;
}

/** The signed-in user; only for what is shown behind `RequireSession`. */
export function useUser(): SignedIn {
  const { session } = useSession();
  if (session.state !== "signed-in") throw new Error("useUser is used where nobody is signed in.");
  return session.user;
}
