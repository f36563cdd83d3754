/** The assistants of the server. */

import type { Client } from "livethread";
import { useCallback, useEffect, useState } from "react";
import { remember } from "./assistantNames";

/** As far as this page reads it. */
export interface Assistant {
  id: string;
  name: string | null;
  description: string | null;
  model: string;
}

interface Page {
  data: Assistant[];
  last_id: string | null;
  has_more: boolean;
}

export interface UsedAssistants {
  /** Oldest first; null until they are known. */
  assistants: readonly Assistant[] | null;
  error: Error | null;
  /** Look again, as after one was made. */
  reload(): Promise<void>;
}

/**
 * They are read at first, whenever the reader comes back to the page, when the server is there again, and when somebody
 * has met one that is not among them: nothing tells of a change.
 *
 * @param live - whether the server is there
 */
export function useAssistants(client: Client, live: boolean): UsedAssistants {
  const [held, setHeld] = useState<{ of: Client; assistants: readonly Assistant[] } | null>(null);
  const [error, setError] = useState<Error | null>(null);

  const reload = useCallback(async () => {
    try {
      const assistants = await read(client);
      remember(assistants);
      setHeld((known) => {
        const same = known?.of === client && JSON.stringify(known.assistants) === JSON.stringify(assistants);
        return same ? known : { of: client, assistants };
      });
      setError(null);
    } catch (error) {
      setError(error as Error);
    }
  }, [client]);

  useEffect(() => {
    if (live) void reload();
    const seen = () => {
      if (live && document.visibilityState === "visible") void reload();
    };
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [live, reload]);

  return { assistants: held?.assistants ?? null, error, reload };
}

async function read({ http }: Client): Promise<Assistant[]> {
  const all: Assistant[] = [];
  let after = "";
  for (;;) {
    const page = await http.call<Page>("GET", `/assistants?limit=100&order=asc${after && `&after=${after}`}`);
    all.push(...page.data);
    if (!page.has_more || !page.last_id) return all;
    after = page.last_id;
  }
}
