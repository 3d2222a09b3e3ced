using System.Diagnostics;
using Superfactory.Model.Copies;
using Superfactory.Site.Copies;
using Superfactory.Site.Copies.Files;
using Superfactory.Site.Copies.Receiving;
using Superfactory.Site.Copies.Wire;
using Superfactory.Site.Tests.Data;
using Superfactory.Wan;
using Superfactory.Site.Tests.Support;

namespace Superfactory.Site.Tests.Copies;

public sealed class CopyRefusalTests : IDisposable
{
    private const int Chunk = CopyLimits.ChunkBytes;

    private readonly TemporaryDirectory _directory = new();

    private string Source => _directory.Combine("source");

    private string Destination => _directory.Combine("destination");

    [Fact]
    public async Task A_source_that_is_not_there_is_named()
        => (await FailAsync()).ShouldBe($"There is no {Source} at site wisconsin.");

    [Fact]
    public async Task A_file_does_not_go_to_where_a_directory_is_unless_the_destination_says_into_it()
    {
        File.WriteAllText(Source, "x");
        Directory.CreateDirectory(Destination);

        (await FailAsync()).ShouldBe($"{Destination} at site atlanta is a directory, and a file is to be copied there. End the destination with '/' to put 'source' into it.");
        await new CopyPair(Source, $"{Destination}/").CompleteAsync();

        File.ReadAllText(Path.Combine(Destination, "source")).ShouldBe("x");
    }

    [Fact]
    public async Task A_directory_does_not_go_to_where_a_file_is()
    {
        Directory.CreateDirectory(Source);
        File.WriteAllText(Destination, "x");

        (await FailAsync()).ShouldBe($"{Destination} at site atlanta is a file, and a directory is to be copied there. Choose another destination.");
    }

    [Fact]
    public async Task A_destination_that_is_the_source_or_inside_of_it_is_refused_also_under_another_name()
    {
        Trees.Write(Source, "a/b", "x"u8);
        File.CreateSymbolicLink(Destination, Source);

        (await FailAsync(Path.Combine(Source, "a", "new"))).ShouldBe($"{Path.Combine(Source, "a", "new")} at site atlanta is inside of what is to be copied, {Source}. Choose a destination outside of it.");
        (await FailAsync()).ShouldBe($"{Source} at site atlanta is what is to be copied: source and destination are the same on this machine.");
        (await FailAsync(Path.Combine(Destination, "c"))).ShouldContain("is inside of what is to be copied");
        Directory.GetFileSystemEntries(Source).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Links_below_the_destination_are_not_followed()
    {
        Trees.Write(Source, "data/file", "new"u8);
        Trees.Write(_directory.Root, "outside/file", "old"u8);
        Directory.CreateDirectory(Destination);
        File.CreateSymbolicLink(Path.Combine(Destination, "data"), _directory.Combine("outside"));

        (await FailAsync()).ShouldBe($"{Destination}/data at site atlanta is a link, and a directory is to be copied there. Remove it, or choose another destination.");
        File.Delete(Path.Combine(Destination, "data"));
        Directory.CreateDirectory(Path.Combine(Destination, "data"));
        File.CreateSymbolicLink(Path.Combine(Destination, "data", "file"), _directory.Combine("outside", "file"));
        await new CopyPair(Source, Destination).CompleteAsync();

        File.ReadAllText(_directory.Combine("outside", "file")).ShouldBe("old");
        new FileInfo(Path.Combine(Destination, "data", "file")).LinkTarget.ShouldBeNull();
    }

    [Fact]
    public async Task Links_of_the_source_that_lead_outside_and_parts_of_other_copies_are_left_out_and_counted()
    {
        Trees.Write(Source, "a", "x"u8);
        Trees.Write(Source, "b.superfactory-partial", "x"u8);
        File.CreateSymbolicLink(Path.Combine(Source, "absolute"), "/etc/passwd");
        File.CreateSymbolicLink(Path.Combine(Source, "up"), "../other");
        File.CreateSymbolicLink(Path.Combine(Source, "inside"), "a");

        var pair = new CopyPair(Source, Destination);
        await pair.CompleteAsync();

        Directory.GetFileSystemEntries(Destination).Select(Path.GetFileName).Order().ShouldBe(["a", "inside"]);
        pair.Progress.LeftOut.ShouldBe(3);
    }

    [Fact]
    public async Task Two_copies_to_one_file_at_a_time_do_not_mix()
    {
        Trees.Write(_directory.Root, "source", Trees.Random(1, 3 * Chunk));
        using var other = new FileStream(SafePath.Partial(Destination), FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        (await FailAsync()).ShouldBe($"{SafePath.Partial(Destination)} is in use: another copy writes to {Destination}.");
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/x")]
    [InlineData("a//b")]
    [InlineData(".")]
    [InlineData("a\0b")]
    [InlineData("sub/not-made/x")]
    public async Task A_source_that_names_a_path_outside_is_refused(string path)
    {
        var root = new FileStatus(FileKind.Directory, 493, 0, 0, 0, 1, 1);
        await using var session = new DestinationSession(new Silence(), new CopyPlace("atlanta", Destination), "/", TimeProvider.System);
        session.Start();
        await Say(session, new CopyWriter().Start(CopyMessageType.Root).Text("another machine").Text("source").Status(root));
        await Say(session, new CopyWriter().Start(CopyMessageType.Entries)
            .Entry(new CopyEntry(1, string.Empty, root, null))
            .Entry(new CopyEntry(2, path, root with { Kind = FileKind.File }, null)));

        var end = await session.Ended;

        end.Outcome.ShouldBe(CopyPhase.Failed);
        end.Reason.ShouldNotBeNull().ShouldStartWith("Site atlanta does not understand the other end of the copy:");
        File.Exists(_directory.Combine("x")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_link_of_the_source_that_leads_outside_is_refused_by_the_destination_too()
    {
        var root = new FileStatus(FileKind.Directory, 493, 0, 0, 0, 1, 1);
        await using var session = new DestinationSession(new Silence(), new CopyPlace("atlanta", Destination), "/", TimeProvider.System);
        session.Start();
        await Say(session, new CopyWriter().Start(CopyMessageType.Root).Text("another machine").Text("source").Status(root));
        await Say(session, new CopyWriter().Start(CopyMessageType.Entries)
            .Entry(new CopyEntry(1, string.Empty, root, null))
            .Entry(new CopyEntry(2, "link", root with { Kind = FileKind.Link }, "../../etc")));

        (await session.Ended).Outcome.ShouldBe(CopyPhase.Failed);
        Directory.GetFileSystemEntries(Destination).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_full_disk_is_said_keeps_what_arrived_and_the_next_copy_goes_on()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to mount a small disk");
        Directory.CreateDirectory(Destination);
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", Destination) == 0, "needs a kernel that mounts a tmpfs");
        try
        {
            Trees.Write(_directory.Root, "source", Trees.Random(2, 20 * Chunk));

            (await FailAsync($"{Destination}/")).ShouldBe($"The disk at site atlanta is full ({Path.Combine(Destination, "source")}). What has arrived is kept: make room and copy again.");
            Run("mount", "-o", "remount,size=64m", Destination).ShouldBe(0);
            var pair = new CopyPair(Source, $"{Destination}/");
            await pair.CompleteAsync();

            pair.Progress.BytesKept.ShouldBeGreaterThan(0);
            File.ReadAllBytes(Path.Combine(Destination, "source")).ShouldBeSameBytes(File.ReadAllBytes(Source));
        }
        finally
        {
            Run("umount", Destination);
        }
    }

    [Theory]
    [InlineData("a", "b", true)]
    [InlineData("a/b", "../c", true)]
    [InlineData("a/b", "../../c", false)]
    [InlineData("a", "..", false)]
    [InlineData("a", "/a", false)]
    [InlineData("a/b/c", ".././../d/../e", true)]
    [InlineData("a", "", false)]
    public void A_link_stays_inside_or_not(string link, string target, bool stays) => SafePath.StaysInside(link, target).ShouldBe(stays);

    [Fact]
    public void A_partial_file_of_a_name_that_is_too_long_for_it_gets_a_short_one()
    {
        var name = new string('ü', 127);

        Path.GetFileName(SafePath.Partial($"/a/{name}")).Length.ShouldBeLessThan(70);
        SafePath.Partial($"/a/{name}").ShouldStartWith("/a/.");
        SafePath.Partial("/a/b").ShouldBe("/a/b.superfactory-partial");
    }

    public void Dispose() => _directory.Dispose();

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode;
    }

    private static ValueTask Say(DestinationSession session, CopyWriter message) => session.TakeAsync(new CopyPacket(message.Written, static () => { }));

    private async Task<string> FailAsync(string? destination = null)
    {
        var (sourceEnd, end) = await new CopyPair(Source, destination ?? Destination).RunAsync();
        (sourceEnd.Outcome == CopyPhase.Completed || end.Outcome == CopyPhase.Completed).ShouldBeFalse();
        return end.Reason ?? sourceEnd.Reason.ShouldNotBeNull();
    }

    private sealed class Silence : ICopyLine
    {
        public ValueTask<bool> SendAsync(MessageOrder order, ReadOnlyMemory<byte> message, CancellationToken cancellationToken) => new(true);
    }
}
