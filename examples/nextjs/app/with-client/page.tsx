import { connection } from "next/server";
import { assistantId } from "../../lib/assistant.ts";
import { sentence, url } from "../../lib/livethread.ts";
import { Chat } from "./Chat.tsx";

export default async function Page() {
  await connection(); // not when it is built, but when it is asked for
  try {
    return <Chat url={url} assistantId={await assistantId()} />;
  } catch (error) {
    return (
      <main>
        <p role="alert">
          {sentence(error)} <a href="">Try again</a>
        </p>
      </main>
    );
  }
}
