using Superfactory.Sync.Bridge.Checkpoints;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Checkpoints;

/// <summary>Checkpoints of runs in lanes on a disk: each lane writes its parts, and one manifest seals them all.</summary>
public sealed class LaneCheckpointFolderTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("sf-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void What_each_lane_writes_is_loaded_bit_for_bit_under_one_seal()
    {
        var (directory, seal) = Write();

        CheckpointFolder.Verify(directory, seal, TestContext.Current.CancellationToken).Succeeded.ShouldBeTrue();
        for (var lane = 0; lane < 2; lane++)
        {
            var loaded = CheckpointLoader.Load(directory, seal, lane, lanes: 2).Value.ShouldNotBeNull();
            loaded.Parameters.ToArray().ShouldBe(State(lane).Parameters.ToArray());
            loaded.StateHash.ShouldBe(State(lane).StateHash);
            loaded.Tensors.Select(tensor => tensor.Name).ShouldBe(State(lane).Tensors.Select(tensor => tensor.Name));
            loaded.Trainer.ToArray().ShouldBe(State(lane).Trainer.ToArray());
        }

        var manifest = CheckpointFolder.Open(directory, seal).Value.ShouldNotBeNull();
        (manifest.Format, manifest.Round, manifest.HasTrainer, manifest.Tensors.Length).ShouldBe((3, 12L, true, 6));
        Directory.EnumerateFiles(directory).Count().ShouldBe(manifest.Parts.Length + 1, "nothing but the parts and the manifest is left");
    }

    [Fact]
    public void Export_has_the_tensors_of_every_lane_by_their_names()
    {
        var (directory, seal) = Write();
        var to = Path.Combine(_root.FullName, "model");

        var written = ModelExport.Write(directory, seal, "{}", to);

        written.Value.ShouldNotBeNull(string.Join(' ', written.Problems)).Tensors.ShouldBe(6);
        var header = File.ReadAllText(Path.Combine(to, ModelExport.ModelFile));
        header.IndexOf("back.scale", StringComparison.Ordinal).ShouldBeGreaterThan(0);
        header.IndexOf("back.scale", StringComparison.Ordinal).ShouldBeLessThan(header.IndexOf("front.scale", StringComparison.Ordinal));
    }

    [Fact]
    public void Lane_that_is_damaged_is_named_by_its_part()
    {
        var (directory, seal) = Write();
        var part = CheckpointManifest.FileOf(CheckpointManifest.ParametersFile, lane: 1);
        var file = Path.Combine(directory, part);
        var whole = File.ReadAllBytes(file);
        File.WriteAllBytes(file, [.. whole[..^1], (byte)(whole[^1] ^ 1)]);

        part.ShouldBe("lane-1.parameters.safetensors");
        CheckpointFolder.Verify(directory, seal, TestContext.Current.CancellationToken).Problems.ShouldHaveSingleItem().Message.ShouldContain($"{part} was altered");
        CheckpointLoader.Load(directory, seal, lane: 0, lanes: 2).Succeeded.ShouldBeTrue();
        CheckpointLoader.Load(directory, seal, lane: 1, lanes: 2).Problems.ShouldHaveSingleItem().Message.ShouldContain($"{part} was altered");
    }

    [Fact]
    public void Run_with_another_number_of_lanes_is_told_so()
    {
        var (directory, seal) = Write();

        CheckpointLoader.Load(directory, seal).Problems.ShouldHaveSingleItem().Message.ShouldContain("has the model in 2 lanes, and the job in 1");
        CheckpointLoader.Load(directory, seal, lane: 0, lanes: 3).Problems.ShouldHaveSingleItem().Message.ShouldContain("has the model in 2 lanes, and the job in 3");
    }

    [Theory]
    [InlineData("lane 1: the disk is full", "the disk is full")]
    [InlineData(null, "lane-1.manifest.json")]
    public void Lane_that_wrote_nothing_leaves_nothing_of_the_checkpoint(string? failure, string said)
    {
        Writer.WriteLane(State(0), held: false, lane: 0).Succeeded.ShouldBeTrue();

        var written = Writer.Join(12, lanes: 2, failure);

        written.Problems.ShouldHaveSingleItem().Message.ShouldStartWith("Island wisconsin could not write the checkpoint after round 12:");
        written.Problems[0].Message.ShouldContain(said);
        Directory.EnumerateFileSystemEntries(Path.Combine(_root.FullName, "7")).ShouldBeEmpty();
    }

    private CheckpointWriter Writer => new(_root.FullName, 7, "wisconsin");

    private static CheckpointState State(int lane)
    {
        var (state, stage) = (States.Some(lane, 2, 3, 4, 5, 6, 7), lane == 0 ? "front" : "back");
        return state with { StateHash = state.StateHash + (ulong)lane, Statics = state.Statics[..16], Tensors = [.. state.Tensors.SkipLast(1).Select(tensor => tensor with { Name = $"{stage}.{tensor.Name}" })] };
    }

    private (string Directory, string Seal) Write()
    {
        for (var lane = 0; lane < 2; lane++)
        {
            Writer.WriteLane(State(lane), held: true, lane).Succeeded.ShouldBeTrue();
        }

        var written = Writer.Join(12, lanes: 2, failure: null).Value.ShouldNotBeNull();
        return (written.Directory, written.Seal);
    }
}
