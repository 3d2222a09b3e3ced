using Superfactory.Lab.Fibre;

namespace Superfactory.Lab.Tests.Fibre;

/// <summary>The memory of what is under way: nothing is overwritten while it waits, whatever comes and goes.</summary>
public sealed unsafe class PacketStoreTests
{
    [Fact]
    public void What_waits_stays_unchanged_while_the_store_wraps_and_grows()
    {
        const int seed = 5;
        var random = new Random(seed);
        for (var round = 0; round < 20; round++)
        {
            using var store = new PacketStore();
            var waiting = new CrossingQueue();
            byte next = 0;
            byte first = 0;
            for (var step = 0; step < 3000; step++)
            {
                // Between nearly empty and a few hundred packets, so that the end of the ring is met with every filling.
                var wanted = (int)(100 * (1 + Math.Sin(step / 300.0)) * (1 + round));
                if (waiting.Count <= wanted)
                {
                    Add(store, waiting, next++, random.Next(1, 40_000));
                }

                while (waiting.Count > wanted)
                {
                    CheckFirst(store, waiting, first++, $"seed {seed}, round {round}, step {step}");
                }
            }

            while (waiting.Count > 0)
            {
                CheckFirst(store, waiting, first++, $"seed {seed}, round {round}, at the end");
            }
        }
    }

    // A packet as a lane keeps it: some of it is the headers, the rest the payload, and what follows releases both.
    private static void Add(PacketStore store, CrossingQueue waiting, byte content, int length)
    {
        var start = store.Reserve(waiting);
        start.ShouldBeGreaterThanOrEqualTo(0);
        new Span<byte>(store.Memory + start, length).Fill(content);
        var headers = length / 3;
        waiting.Add(new Crossing { Start = start, Length = headers, PayloadStart = start + headers, PayloadLength = length - headers, Release = start + length });
        store.Keep(start + length);
    }

    private static void CheckFirst(PacketStore store, CrossingQueue waiting, byte content, string because)
    {
        var crossing = waiting[0];
        new Span<byte>(store.Memory + crossing.Start, crossing.Length).ContainsAnyExcept(content).ShouldBeFalse(because);
        new Span<byte>(store.Memory + crossing.PayloadStart, crossing.PayloadLength).ContainsAnyExcept(content).ShouldBeFalse(because);
        store.Release(crossing.Release);
        waiting.RemoveFirst();
    }
}
