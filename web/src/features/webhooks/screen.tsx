/** Webhooks: where they lead, what they are told, and what became of each delivery. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { told } from "@/api/problem";
import { webhooks } from "@/state/webhooks";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Dialog } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { Make } from "./make";
import { One } from "./one";

export default function Webhooks() {
  const { data, error } = useQuery(webhooks);
  const [making, setMaking] = useState(false);
  return (
    <div className="mx-auto max-w-4xl space-y-4 p-3 sm:p-4 lg:p-6">
      <header className="flex flex-wrap items-center justify-between gap-3">
        <h1 className="font-semibold text-xl tracking-tight">Webhooks</h1>
        <Button kind="main" className="max-lg:min-h-11" onClick={() => setMaking(true)}>
          <Icon name="plus" className="size-4" />
          New webhook
        </Button>
      </header>
      <p className="max-w-2xl text-pretty text-soft">
        An address of your own is told what happens to this account: signed, tried again until it is
        taken, and listed here.
      </p>
      {error && data === undefined ? (
        <Card>
          <Empty title={told(error).wrong}>{told(error).right}</Empty>
        </Card>
      ) : data === undefined ? (
        <Card>
          <Waiting className="h-40" />
        </Card>
      ) : data.length === 0 ? (
        <Card>
          <Empty title="No webhooks">
            Make one, and a program of yours hears of fills, orders and money without asking.
          </Empty>
        </Card>
      ) : (
        data.map((one) => <One key={one.id} hook={one} />)
      )}
      <Dialog open={making} onClose={() => setMaking(false)} title="New webhook">
        <Make onDone={() => setMaking(false)} />
      </Dialog>
    </div>
  );
}
