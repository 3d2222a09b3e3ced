using Superfactory.Model.Copies;
using Superfactory.Site.Copies;
using Superfactory.Site.Copies.Files;
using Superfactory.Site.Interop;
using Superfactory.Site.Tests.Data;
using Superfactory.Site.Tests.Support;

namespace Superfactory.Site.Tests.Copies;

public sealed class CopySessionTests : IDisposable
{
    private const int Chunk = CopyLimits.ChunkBytes;

    private readonly TemporaryDirectory _directory = new();

    private string Source => _directory.Combine("source");

    private string Destination => _directory.Combine("destination");

    [Fact]
    public async Task A_tree_arrives_with_names_contents_permissions_times_links_and_empty_directories()
    {
        Trees.Fill(Source, seed: 1);
        var pair = new CopyPair(Source, Destination, seed: 1);

        await pair.CompleteAsync();

        Trees.Describe(Destination).ShouldBe(Trees.Describe(Source));
        pair.Progress.FilesDone.ShouldBe(308);
        pair.Progress.BytesDone.ShouldBe(pair.Progress.Bytes);
        pair.Progress.Counted.ShouldBeTrue();
    }

    [Fact]
    public async Task A_copy_that_is_killed_at_random_points_resumes_until_it_is_whole()
    {
        Trees.Fill(Source, seed: 2);
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        for (var attempt = 0; attempt < 8; attempt++)
        {
            var pair = new CopyPair(Source, Destination, random.Next());
            var (_, end) = await pair.RunAsync(killAfter: random.Next(1, 30));
            end.Outcome.ShouldNotBe(CopyPhase.Failed, $"seed {seed}: {end.Reason}");
        }

        await new CopyPair(Source, Destination, seed).CompleteAsync();

        Trees.Describe(Destination).ShouldBe(Trees.Describe(Source), $"seed {seed}");
    }

    [Fact]
    public async Task What_a_killed_copy_brought_is_not_sent_again()
    {
        Trees.Write(_directory.Root, "source", Trees.Random(3, 40 * Chunk));
        await new CopyPair(Source, Destination).RunAsync(killAfter: 25);
        var arrived = new FileInfo(SafePath.Partial(Destination));
        arrived.Exists.ShouldBeTrue();

        var pair = new CopyPair(Source, Destination);
        await pair.CompleteAsync();

        pair.Progress.BytesKept.ShouldBeGreaterThan(0);
        pair.Progress.BytesReceived.ShouldBe((40 * Chunk) - pair.Progress.BytesKept);
        File.ReadAllBytes(Destination).ShouldBeSameBytes(File.ReadAllBytes(Source));
        File.Exists(arrived.FullName).ShouldBeFalse();
    }

    [Fact]
    public async Task Damage_in_what_a_killed_copy_left_is_found_and_put_right()
    {
        var content = Trees.Random(4, 10 * Chunk);
        Trees.Write(_directory.Root, "source", content);
        var damaged = (byte[])content.Clone();
        damaged[(3 * Chunk) + 5] ^= 1;
        File.WriteAllBytes(SafePath.Partial(Destination), damaged);

        var pair = new CopyPair(Source, Destination);
        await pair.CompleteAsync();

        pair.Progress.BytesReceived.ShouldBe(Chunk);
        File.ReadAllBytes(Destination).ShouldBeSameBytes(content);
    }

    [Fact]
    public async Task Only_changed_chunks_of_a_file_that_is_there_are_sent_and_others_are_taken_from_it()
    {
        var content = Trees.Random(5, (10 * Chunk) + 3);
        Trees.Write(_directory.Root, "source", content);
        var old = content.AsSpan(0, 9 * Chunk).ToArray();
        old[0] ^= 1;
        File.WriteAllBytes(Destination, old);

        var pair = new CopyPair(Source, Destination);
        await pair.CompleteAsync();

        pair.Progress.BytesReceived.ShouldBe((2 * Chunk) + 3);
        File.ReadAllBytes(Destination).ShouldBeSameBytes(content);
    }

    [Fact]
    public async Task A_copy_of_what_is_there_already_sends_nothing_and_leaves_the_file_as_it_is()
    {
        Trees.Fill(Source, seed: 6);
        await new CopyPair(Source, Destination).CompleteAsync();
        var before = FileStatus.Of(Path.Combine(Destination, "files/length 6.bin"), follow: false);
        NativeFiles.SetModified(Path.Combine(Destination, "files/length 6.bin"), 5, 6);

        var pair = new CopyPair(Source, Destination);
        await pair.CompleteAsync();

        pair.Progress.BytesReceived.ShouldBe(0);
        Trees.Describe(Destination).ShouldBe(Trees.Describe(Source));
        FileStatus.Of(Path.Combine(Destination, "files/length 6.bin"), follow: false).Inode.ShouldBe(before.Inode);
    }

    [Fact]
    public async Task A_source_that_changes_while_it_is_copied_arrives_as_it_is_in_the_end()
    {
        Trees.Write(_directory.Root, "source", Trees.Random(7, 20 * Chunk));
        var changes = 0;
        var pair = new CopyPair(Source, Destination)
        {
            OnTheWay = message =>
            {
                if (Interlocked.Increment(ref changes) == 5)
                {
                    using var file = new FileStream(Source, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                    file.Write(Trees.Random(8, 100));
                    file.SetLength((21 * Chunk) + 1);
                }

                return message;
            },
        };

        await pair.CompleteAsync();

        File.ReadAllBytes(Destination).ShouldBeSameBytes(File.ReadAllBytes(Source));
    }

    [Fact]
    public async Task A_source_that_never_stops_changing_is_given_up_by_name()
    {
        Trees.Write(_directory.Root, "source", Trees.Random(9, 40 * Chunk));
        using var over = new CancellationTokenSource();
        var changing = Task.Run(
            () =>
            {
                for (var change = 0L; !over.IsCancellationRequested; change++)
                {
                    NativeFiles.SetModified(Source, 1000 + change, 0);
                }
            },
            CancellationToken.None);

        var (_, end) = await new CopyPair(Source, Destination).RunAsync();

        await over.CancelAsync();
        await changing;
        end.Reason.ShouldBe($"The source of {Destination} changed each of the {CopyLimits.AttemptsMax} times that it was copied. Copy again when nothing writes to it.");
    }

    [Fact]
    public async Task A_chunk_that_is_altered_on_the_way_is_never_written()
    {
        Trees.Write(_directory.Root, "source", Trees.Random(10, 3 * Chunk));
        var pair = new CopyPair(Source, Destination)
        {
            OnTheWay = static message =>
            {
                message[^1] ^= message.Length > Chunk ? (byte)1 : (byte)0;
                return message;
            },
        };

        var (sourceEnd, end) = await pair.RunAsync();

        end.Reason.ShouldNotBeNull().ShouldContain("arrived at site atlanta other than it was read");
        sourceEnd.Outcome.ShouldNotBe(CopyPhase.Completed);
        File.Exists(Destination).ShouldBeFalse();
    }

    [Fact]
    public async Task A_huge_file_of_holes_arrives_in_moments_and_takes_no_room()
    {
        using (var file = File.Create(Source))
        {
            file.SetLength(1L << 40);
            file.Position = (1L << 39) + 12345;
            file.Write("here"u8);
        }

        var pair = new CopyPair(Source, Destination);
        await pair.CompleteAsync();

        new FileInfo(Destination).Length.ShouldBe(1L << 40);
        pair.Progress.BytesReceived.ShouldBe(Chunk);
        using var copy = File.OpenHandle(Destination);
        NativeFiles.NextData(copy, 0).ShouldBeInRange(1L << 39, (1L << 39) + 12345);
        var bytes = new byte[4];
        RandomAccess.Read(copy, bytes, (1L << 39) + 12345).ShouldBe(4);
        bytes.ShouldBe("here"u8.ToArray());
    }

    [Fact]
    public async Task Thousands_of_small_files_arrive()
    {
        for (var index = 0; index < 3_000; index++)
        {
            Trees.Write(Source, $"{index % 100}/{index}", BitConverter.GetBytes(index));
        }

        var pair = new CopyPair(Source, Destination);
        await pair.CompleteAsync();

        pair.Progress.FilesDone.ShouldBe(3_000);
        Trees.Describe(Destination).ShouldBe(Trees.Describe(Source));
    }

    public void Dispose()
    {
        if (!OperatingSystem.IsWindows())
        {
            foreach (var directory in new[] { Source, Destination }.Select(root => Path.Combine(root, "empty")).Where(Directory.Exists))
            {
                File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        _directory.Dispose();
    }
}
