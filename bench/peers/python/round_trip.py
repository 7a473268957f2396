# What it costs an asyncio program to wait for another thread, whatever that thread does: one round
# trip from the loop to a thread and back, each woken through an eventfd. Nothing that leaves its
# work to a thread can be faster. Prints the median in microseconds.
import asyncio
import os
import statistics
import threading
import time

SECONDS = 3
END = 2


def echo(asked, answered):
    while os.eventfd_read(asked) < END:
        os.eventfd_write(answered, 1)


async def round_trips(asked, answered):
    loop = asyncio.get_running_loop()
    waiting = None

    def arrived():
        os.eventfd_read(answered)
        waiting.set_result(None)

    loop.add_reader(answered, arrived)
    took = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        waiting = loop.create_future()
        begun = time.perf_counter()
        os.eventfd_write(asked, 1)
        await waiting
        took.append(time.perf_counter() - begun)
    return statistics.median(took)


def main():
    asked, answered = os.eventfd(0), os.eventfd(0, os.EFD_NONBLOCK)
    thread = threading.Thread(target=echo, args=(asked, answered))
    thread.start()
    try:
        print(f'{asyncio.run(round_trips(asked, answered)) * 1e6:.0f} us')
    finally:
        os.eventfd_write(asked, END)
        thread.join()


if __name__ == '__main__':
    main()
