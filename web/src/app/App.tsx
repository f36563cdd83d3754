/** The page: who is there, and with which key; then everything else. */

import { createClient } from "livethread";
import { useCallback, useMemo, useState } from "react";
import { serverUrl } from "./address";
import { apiKey } from "./choices";
import { Key } from "./Key";
import { useKept } from "./kept";
import { Nickname } from "./Nickname";
import { person } from "./person";
import { Shell } from "./Shell";

/** How many of a thread's newest messages are loaded at first. */
const LIMIT = 50;

export function App() {
  const [me, setMe] = useKept(person);
  const [key, setKey] = useKept(apiKey);
  const [naming, setNaming] = useState(false);
  /** The key that the server does not let us in with, none included. */
  const [refused, setRefused] = useState<string | null>(null);

  const client = useMemo(() => {
    if (!me) return null;
    const who = { name: me.name, userId: me.user_id, ...(key && { token: key }) };
    return createClient({ url: serverUrl(), ...who, limit: LIMIT });
  }, [me, key]);
  const onLocked = useCallback(() => setRefused(key), [key]);

  if (!me || !client) return <Nickname me={null} onChoose={setMe} />;
  const enter = (now: string) => {
    setRefused(null); // the same one may be let in by now
    setKey(now);
  };
  if (refused === key) return <Key refused={key} onKey={enter} />;
  return (
    <>
      <Shell
        client={client}
        me={me}
        onMe={() => setNaming(true)}
        onLocked={onLocked}
        onForget={key ? () => setKey("") : null}
      />
      {naming && (
        <Nickname
          me={me}
          onChoose={(now) => {
            setMe(now);
            setNaming(false);
          }}
          onClose={() => setNaming(false)}
        />
      )}
    </>
  );
}
