using System.Diagnostics;
using System.Text.Json.Nodes;
using Superfactory.Sync.Bridge.Checkpoints;
using Superfactory.Sync.Checkpoints;

namespace Superfactory.Sync.Tests.Checkpoints;

/// <summary>Checkpoints on a disk: written whole or not at all, and refused by the part that is wrong.</summary>
public sealed class CheckpointFolderTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("sf-");

    public static TheoryData<string> Parts =>
    [
        CheckpointManifest.HistoryFile, CheckpointManifest.ParametersFile, CheckpointManifest.MomentumFile,
        CheckpointManifest.StaticsFile, CheckpointManifest.TrainerFile,
    ];

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void What_is_written_is_loaded_bit_for_bit_and_verified()
    {
        var state = States.Some();

        var (directory, seal) = Write(state);
        var loaded = CheckpointLoader.Load(directory, seal).Value.ShouldNotBeNull();

        CheckpointFolder.Verify(directory, seal, TestContext.Current.CancellationToken).Succeeded.ShouldBeTrue();
        (loaded.Round, loaded.Epoch, loaded.Mode, loaded.StateHash, loaded.Ledger).ShouldBe((12L, 3, state.Mode, state.StateHash, state.Ledger));
        loaded.Islands.ShouldBe(state.Islands);
        loaded.Parameters.ToArray().ShouldBe(state.Parameters.ToArray());
        loaded.Momentum.ToArray().ShouldBe(state.Momentum.ToArray());
        loaded.Statics.ToArray().ShouldBe(state.Statics.ToArray());
        loaded.History.ToArray().ShouldBe(state.History.ToArray());
        loaded.Trainer.ToArray().ShouldBe(state.Trainer.ToArray());
        Path.GetFileName(directory).ShouldBe($"round-00000012-{seal[..12]}");
        CheckpointManifest.IsName(Path.GetFileName(directory)).ShouldBeTrue();
    }

    [Fact]
    public void The_same_state_gives_the_same_bytes_and_another_another_seal()
    {
        var (directory, seal) = Write(States.Some());
        var before = File.ReadAllBytes(Path.Combine(directory, CheckpointManifest.FileName));

        Write(States.Some()).Seal.ShouldBe(seal);
        File.ReadAllBytes(Path.Combine(directory, CheckpointManifest.FileName)).ShouldBe(before);
        Write(States.Some(7, 7, 7, 7, 7, 7, 7)).Seal.ShouldNotBe(seal);
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_part_that_is_cut_short_altered_or_missing_is_named(string part)
    {
        var (directory, seal) = Write(States.Some());
        var file = Path.Combine(directory, part);
        var whole = File.ReadAllBytes(file);

        File.WriteAllBytes(file, whole[..^1]);
        Refusal(directory, seal).ShouldContain($"{part} has {whole.Length - 1} bytes where its manifest says {whole.Length}: it is cut short");
        File.WriteAllBytes(file, [.. whole[..^1], (byte)(whole[^1] ^ 1)]);
        Refusal(directory, seal).ShouldContain($"{part} was altered");
        CheckpointFolder.Verify(directory, seal, TestContext.Current.CancellationToken).Problems.ShouldHaveSingleItem().Message.ShouldContain($"{part} was altered");
        File.Delete(file);
        Refusal(directory, seal).ShouldContain($"{part} is missing");
    }

    [Fact]
    public void A_manifest_that_is_cut_short_altered_foreign_or_missing_is_named()
    {
        var (directory, seal) = Write(States.Some());
        var file = Path.Combine(directory, CheckpointManifest.FileName);
        var whole = File.ReadAllText(file);

        Refusal(directory, new string('0', 64)).ShouldContain("manifest.json was altered, or is another checkpoint's");
        File.WriteAllText(file, whole.Replace("\"round\": 12", "\"round\": 13", StringComparison.Ordinal));
        Refusal(directory, seal).ShouldContain("manifest.json was altered");
        File.WriteAllText(file, whole[..^20]);
        Refusal(directory, seal).ShouldContain("cut short");
        File.WriteAllText(file, "{}");
        Refusal(directory, null).ShouldContain("no manifest of a checkpoint");
        File.Delete(file);
        Refusal(directory, seal).ShouldContain("manifest.json is missing");
    }

    [Theory]
    [InlineData(4, "Use a newer superfactory.")]
    [InlineData(1, "Use the superfactory that wrote it.")]
    public void A_manifest_of_another_format_is_refused_by_its_number_whatever_else_it_holds(int format, string hint)
    {
        var (directory, _) = Write(States.Some());
        File.WriteAllText(Path.Combine(directory, CheckpointManifest.FileName), $$"""{"format": {{format}}, "pieces": []}""");

        Refusal(directory, null).ShouldContain($"has format {format}; this program reads the formats 2 and 3");
        CheckpointFolder.Open(directory, null).Problems[0].Hint.ShouldBe(hint);
    }

    [Fact]
    public void What_could_not_be_written_leaves_nothing_and_says_why()
    {
        var job = Path.Combine(_root.FullName, "7");
        File.WriteAllText(job, "in the way");

        var written = new CheckpointWriter(_root.FullName, 7, "wisconsin").Write(States.Some(), held: false);

        written.Problems.ShouldHaveSingleItem().Message.ShouldStartWith("Island wisconsin could not write the checkpoint after round 12:");
        _root.EnumerateFileSystemInfos().Select(entry => entry.Name).ShouldBe(["7"]);
    }

    [Fact]
    public void What_was_left_unfinished_is_swept_and_nothing_else()
    {
        var (directory, _) = Write(States.Some());
        var left = Directory.CreateDirectory(Path.Combine(_root.FullName, "7", CheckpointWriter.PartialPrefix + "wisconsin"));
        File.WriteAllText(Path.Combine(left.FullName, "parameters.safetensors"), "half");

        new CheckpointWriter(_root.FullName, 7, "wisconsin").Sweep();

        Directory.Exists(left.FullName).ShouldBeFalse();
        Directory.Exists(directory).ShouldBeTrue();
    }

    [Fact]
    public async Task Python_s_own_library_reads_the_parameters_as_the_format_says()
    {
        var (directory, _) = Write(States.Some());
        const string Reader = """
            import json, struct, sys
            data = open(sys.argv[1], "rb").read()
            size = struct.unpack("<Q", data[:8])[0]
            header = json.loads(data[8:8 + size])
            del header["__metadata__"]
            print(json.dumps({name: list(struct.unpack("<%df" % ((each["data_offsets"][1] - each["data_offsets"][0]) // 4),
                data[8 + size + each["data_offsets"][0]:8 + size + each["data_offsets"][1]])) for name, each in header.items()}))
            """;

        using var python = Process.Start(new ProcessStartInfo("python3") { ArgumentList = { "-c", Reader, Path.Combine(directory, CheckpointManifest.ParametersFile) }, RedirectStandardOutput = true })!;
        var read = JsonNode.Parse(await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldNotBeNull();

        read["embedding.weight"]!.ToJsonString().ShouldBe("[1.0,2.0,3.0,4.0,5.0,6.0]");
        read["scale"]!.ToJsonString().ShouldBe("[0.5]");
    }

    private (string Directory, string Seal) Write(CheckpointState state)
    {
        var written = new CheckpointWriter(_root.FullName, 7, "wisconsin").Write(state, held: false).Value.ShouldNotBeNull();
        return (written.Directory, written.Seal);
    }

    private static string Refusal(string directory, string? seal) => CheckpointLoader.Load(directory, seal).Problems.ShouldHaveSingleItem().ToString();
}
