using FsCheck;
using FsCheck.Fluent;
using Superfactory.Model.Copies;
using Superfactory.Site.Copies;
using Superfactory.Site.Copies.Files;
using Superfactory.Site.Copies.Sending;
using Superfactory.Site.Copies.Wire;

namespace Superfactory.Site.Tests.Copies;

public sealed class ChunkPlanTests
{
    private static readonly Gen<long> _lengths = Gen.OneOf(
        Gen.Choose(0, 5 * CopyLimits.ChunkBytes).Select(static length => (long)length),
        Gen.Choose(-2, 2).SelectMany(near => Gen.Choose(0, 1000).Select(chunks => Math.Max(0, ((long)chunks * CopyLimits.ChunkBytes) + near))),
        Gen.Choose(0, int.MaxValue).Select(static length => (long)length * CopyLimits.ChunkBytes));

    [Fact]
    public void Chunks_follow_each_other_without_gap_and_end_where_the_file_does()
        => Prop.ForAll(_lengths.ToArbitrary(), static length =>
        {
            var plan = new ChunkPlan(length);
            var last = plan.Count - 1;
            var whole = plan.Count == 0 ? length == 0 : ChunkPlan.Offset(last) + plan.Length(last) == length;
            return whole
                && (plan.Count == 0 || plan.Length(0, plan.Count) == length)
                && new[] { 0, last / 2, last - 1, last }.Where(chunk => chunk >= 0 && chunk <= last).All(chunk =>
                    plan.Length(chunk) is >= 1 and <= CopyLimits.ChunkBytes && (chunk == last || plan.Length(chunk) == CopyLimits.ChunkBytes))
                && !plan.Holds(plan.Count, 1) && !plan.Holds(0, plan.Count + 1) && (plan.Count == 0 || plan.Holds(0, plan.Count));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Whatever_is_asked_for_is_handed_out_once_and_in_order_with_its_hashes()
        => Prop.ForAll(Gen.Choose(1, 70).ListOf(6).ToArbitrary(), static counts =>
        {
            using var queue = new RequestQueue();
            var status = new FileStatus(FileKind.File, 0, 1L << 40, 0, 0, 0, 0);
            var file = new SourceFile(new CopyEntry(1, "x", status, null), "/nowhere");
            var next = 0L;
            var asked = new List<(long Chunk, bool Held)>();
            foreach (var count in counts)
            {
                var hashes = new byte[count * ChunkHash.Size];
                for (var index = 0; index < count; index++)
                {
                    BitConverter.TryWriteBytes(hashes.AsSpan(index * ChunkHash.Size), next + index);
                    asked.Add((next + index, count % 2 == 0));
                }

                queue.Add(file, new RequestHead(1, 1, next, count, count % 2 == 0, IsLast: false), count % 2 == 0 ? hashes : default);
                next += count;
            }

            var given = new List<(long Chunk, bool Held)>();
            while (queue.TryTake(out var slice))
            {
                for (var chunk = slice.First; chunk < slice.First + slice.Count; chunk++)
                {
                    var hash = slice.HashOf(chunk);
                    given.Add((chunk, hash is { } held && BitConverter.ToInt64(held) == chunk));
                }
            }

            return given.SequenceEqual(asked);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Messages_are_read_as_they_were_written()
    {
        var status = new FileStatus(FileKind.Link, 511, long.MaxValue, -5, 999_999_999, ulong.MaxValue, 7);
        var entry = new CopyEntry(long.MaxValue, "größe/ß", status, "../x");
        var (request, answer) = (new RequestHead(1, 2, 3, 4, true, false), new AnswerHead(AnswerKind.Zeros, 5, 6, 7, 8));
        var hash = ChunkHash.Of("x"u8);

        var reader = new CopyReader(new CopyWriter(1).Start(CopyMessageType.Entries).Entry(entry).Head(request).Head(answer).Hash(hash).Written.Span);

        reader.Type.ShouldBe(CopyMessageType.Entries);
        reader.Entry().ShouldBe(entry);
        reader.Request().ShouldBe(request);
        reader.Answer().ShouldBe(answer);
        reader.Hash().Equals(hash).ShouldBeTrue();
        reader.IsAtEnd.ShouldBeTrue();
    }

    [Fact]
    public async Task Garbage_ends_a_session_with_a_sentence_and_nothing_else()
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var session = new SourceSession(new Nowhere(), new CopyPlace("wisconsin", "/nowhere"), "/");
            var message = new byte[random.Next(1, 200)];
            random.NextBytes(message);
            message[0] = (byte)random.Next(0, 12);
            await session.TakeAsync(new CopyPacket(message, static () => { }));
            await session.DisposeAsync();
            var end = await session.Ended;
            (end.Outcome is null or CopyPhase.Failed || message[0] == (byte)CopyMessageType.Finished).ShouldBeTrue($"seed {seed}, round {round}: {end}");
        }
    }

    private sealed class Nowhere : ICopyLine
    {
        public ValueTask<bool> SendAsync(Wan.MessageOrder order, ReadOnlyMemory<byte> message, CancellationToken cancellationToken) => new(true);
    }
}
