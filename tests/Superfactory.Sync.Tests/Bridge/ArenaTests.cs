using System.Collections.Immutable;
using Superfactory.Sync.Bridge.Memory;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>Shared memory: its layout, its making, and its end.</summary>
public sealed class ArenaTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Regions_of_an_arena_are_views_of_one_file()
    {
        using var arena = Create(new ArenaLayout(Parameters: 20, StaticsBytes: 5));

        arena.Buffers.Local.Span.Fill(1.5f);
        arena.Buffers.Merged.Span.Fill(2.5f);
        arena.Buffers.Statics.Span.Fill(7);

        var bytes = Read(arena.Path);
        bytes.Length.ShouldBe(128 + 128 + 64);
        BitConverter.ToSingle(bytes, 19 * 4).ShouldBe(1.5f);
        BitConverter.ToSingle(bytes, 20 * 4).ShouldBe(0f);
        BitConverter.ToSingle(bytes, 128).ShouldBe(2.5f);
        bytes[256..262].ShouldBe([7, 7, 7, 7, 7, 0]);
    }

    [Fact]
    public void An_arena_unlinks_its_file_at_its_end_and_its_memory_says_so()
    {
        var arena = Create(new ArenaLayout(4, 0));
        var local = arena.Buffers.Local;

        arena.Dispose();

        File.Exists(arena.Path).ShouldBeFalse();
        Should.Throw<ObjectDisposedException>(() => local.Span.Length);
    }

    [Fact]
    public void An_arena_of_a_taken_name_gets_another()
    {
        using var one = Create(new ArenaLayout(4, 0));
        using var other = Create(new ArenaLayout(4, 0));

        other.Path.ShouldNotBe(one.Path);
    }

    [Fact]
    public void An_arena_larger_than_what_is_free_is_refused_with_both_sizes()
    {
        var layout = new ArenaLayout(Parameters: 1 << 20, StaticsBytes: 0);

        var outcome = SharedArena.Create(_directory.FullName, "7-atlanta-1", layout, freeBytes: layout.Bytes - 1);

        outcome.Succeeded.ShouldBeFalse();
        outcome.Problems[0].Message.ShouldBe(
            $"The model needs 8.0 MiB of shared memory in {_directory.FullName}: only 8.0 MiB are free there. Free some, or use a machine with more memory.");
        _directory.EnumerateFiles().ShouldBeEmpty();
    }

    [Fact]
    public void An_arena_in_a_directory_that_is_not_there_is_refused() =>
        SharedArena.Create(Path.Combine(_directory.FullName, "nowhere"), "7-atlanta-1", new ArenaLayout(4, 0)).Succeeded.ShouldBeFalse();

    [Fact]
    public void A_sweep_deletes_old_arenas_that_nobody_holds_and_what_belongs_to_them()
    {
        using var held = Create(new ArenaLayout(4, 0));
        Age(held.Path);
        var left = Touch("superfactory-1-atlanta-1-999.arena", old: true);
        var state = Touch("superfactory-1-atlanta-1-999.arena.state-0", old: true);
        var young = Touch("superfactory-2-atlanta-1-999.arena", old: false);
        var other = Touch("somebody-elses", old: true);

        ArenaSweeper.Sweep(_directory.FullName, TimeProvider.System).ShouldBe(1);

        new[] { held.Path, young, other }.ShouldAllBe(path => File.Exists(path));
        new[] { left, state }.ShouldAllBe(path => !File.Exists(path));
    }

    [Fact]
    public void A_state_copy_stays_readable_when_its_name_is_gone()
    {
        using var states = new StateFiles(Path.Combine(_directory.FullName, "a.arena"));
        File.WriteAllBytes(states.CopyPath, [1, 2, 3]);

        var copy = states.TakeCopy(3);

        copy.Value!.State.ToArray().ShouldBe([1, 2, 3]);
        File.Exists(states.CopyPath).ShouldBeFalse();
    }

    [Fact]
    public void A_state_copy_of_another_size_than_said_is_refused()
    {
        using var states = new StateFiles(Path.Combine(_directory.FullName, "a.arena"));
        File.WriteAllBytes(states.CopyPath, [1, 2, 3]);

        states.TakeCopy(4).Problems[0].Message.ShouldContain("has 3 bytes; it said 4");
        states.TakeCopy(3).Problems[0].Message.ShouldContain("cannot be read");
    }

    [Fact]
    public void A_saved_state_is_handed_back_for_its_round_alone()
    {
        using var states = new StateFiles(Path.Combine(_directory.FullName, "a.arena"));
        var path = Touch("a.arena.state-1", old: false);

        states.Remember(5, Path.Combine(_directory.FullName, "b")).ShouldNotBeNull().Message.ShouldContain("expected");
        states.Remember(5, Path.Combine(_directory.FullName, "a.arena.state-0")).ShouldNotBeNull().Message.ShouldContain("no such file");
        states.Remember(5, path).ShouldBeNull();

        states.SavedFor(5, 5).ShouldBe(path);
        states.SavedFor(6, 7).ShouldBeNull();
    }

    [Theory]
    [InlineData("w", "", 8, "as 8 bytes; expected 4")]
    [InlineData("w", "-1", 4, "the shape [-1], which no tensor has")]
    [InlineData("w", "3000000000,3000000000", 4, "which no tensor has")]
    [InlineData("w", "4000000000", 16_000_000_000, "more than one lane holds, at 'w'")]
    [InlineData("first", "", 4, "two tensors named 'first'")]
    public void A_table_that_cannot_be_is_refused_by_the_tensor_s_name(string name, string shape, long bytes, string reason)
    {
        var dimensions = shape.Length == 0 ? [] : shape.Split(',').Select(long.Parse).ToImmutableArray();

        var layout = ArenaLayout.For([
            new TensorEntry("first", [], "float32", TensorRole.Parameter, 4),
            new TensorEntry(name, dimensions, "float32", TensorRole.Parameter, bytes),
        ]);

        layout.Problems[0].Message.ShouldContain(reason);
    }

    private static byte[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static void Age(string path) => File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

    private SharedArena Create(ArenaLayout layout)
    {
        var outcome = SharedArena.Create(_directory.FullName, "7-atlanta-1", layout);
        outcome.Succeeded.ShouldBeTrue();
        return outcome.Value!;
    }

    private string Touch(string name, bool old)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, "x");
        if (old)
        {
            Age(path);
        }

        return path;
    }
}
