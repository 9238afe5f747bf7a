import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { login, logout, validateToken } from "@/api/generated/auth";
import { refreshAccess, setAccessToken, setExpiredHandler } from "@/api/http";

export interface SignedIn {
  id: string;
  username: string;
  role: "admin" | "client";
}

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

async function whoAmI(): Promise<SignedIn> {
  const { user_id, username, role } = await validateToken();
  return { id: user_id, username, role };
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
      if ((await refreshAccess()) === null) end("expired");
      else setSession({ state: "signed-in", user: await whoAmI() });
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
      signIn: async (credentials) => {
        const { access, user } = await login({ body: { ...credentials, cookie: true } });
        setAccessToken(access);
        hint(true);
        setSession({ state: "signed-in", user: { id: user.id, username: user.username, role: user.role } });
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
