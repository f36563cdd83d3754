import { Form, redirect } from "react-router";
import { livethread, refusal } from "../livethread.server";
import type { Route } from "./+types/home";

export async function action() {
  try {
    const { id } = await livethread.beta.threads.create();
    return redirect(`/threads/${id}`);
  } catch (error) {
    return refusal(error);
  }
}

export default function Home({ actionData }: Route.ComponentProps) {
  return (
    <main className="start">
      <h1>One thread, one variable</h1>
      <p>Whoever opens its address sees the same thread, while it is written.</p>
      <Form method="post">
        <button>Start a new thread</button>
      </Form>
      {actionData && <p role="alert">{actionData.message}</p>}
    </main>
  );
}
