using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Superfactory.Cli.Chaos.Checking;

namespace Superfactory.Cli.Tests.Chaos;

/// <summary>What the checker finds on disk.</summary>
public sealed class DiskCheckTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Whole_checkpoint_is_in_order_and_says_what_is_merged()
    {
        Checkpoint();

        DiskCheck.Of(_directory.Root).ShouldBeEmpty();
        DiskCheck.MergedAtTheEnd(_directory.Root).ShouldBe(12);
    }

    [Fact]
    public void Part_that_is_cut_short_is_found()
    {
        var part = Path.Combine(Checkpoint(), "history.bin");
        File.WriteAllBytes(part, File.ReadAllBytes(part)[..^1]);

        DiskCheck.Of(_directory.Root).ShouldHaveSingleItem().ShouldEndWith("its part history.bin is not what the manifest says.");
    }

    [Fact]
    public void Manifest_that_was_altered_is_found()
    {
        File.AppendAllText(Path.Combine(Checkpoint(), "manifest.json"), "\n");

        DiskCheck.Of(_directory.Root).ShouldHaveSingleItem().ShouldEndWith("its manifest is not the one that was sealed.");
    }

    [Fact]
    public void What_was_left_half_written_is_found()
    {
        Directory.CreateDirectory(_directory.Combine("checkpoints", "1", ".partial-atlanta"));
        File.WriteAllText(_directory.Combine("agent.json.tmp"), "{");

        DiskCheck.Of(_directory.Root).Order().ShouldBe(["agent.json.tmp was left half-written.", "checkpoints/1/.partial-atlanta was left half-written."]);
    }

    [Fact]
    public void Hash_of_a_saved_model_is_that_of_the_trainer_protocol_and_a_model_cut_short_is_found()
    {
        var file = Model(bytes: 8);

        var (hash, problem) = ModelFile.Hash(file);
        problem.ShouldBeNull();
        hash.ShouldBe(Convert.ToHexStringLower(SHA256.HashData([.. "w\0float32\02\0"u8, 1, 2, 3, 4, 5, 6, 7, 8])));
        ModelFile.Hash(Model(bytes: 7)).Problem.ShouldNotBeNull().ShouldContain("is cut short");
        ModelFile.Hash(Model(bytes: 9)).Problem.ShouldNotBeNull().ShouldContain("1 bytes after its last tensor");
        ModelFile.Hash(_directory.Combine("none")).Problem.ShouldNotBeNull().ShouldStartWith("There is no ");
    }

    private string Model(int bytes)
    {
        var header = Encoding.UTF8.GetBytes("""{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""");
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        var file = _directory.Combine("model.safetensors");
        File.WriteAllBytes(file, [.. length, .. header, .. Enumerable.Range(1, bytes).Select(static number => (byte)number)]);
        return file;
    }

    private string Checkpoint()
    {
        byte[] history = [1, 2, 3];
        var manifest = Encoding.UTF8.GetBytes($$"""
            {"finished": true, "ledger": {"merged": 12}, "parts": [{"file": "history.bin", "sha256": "{{Convert.ToHexStringLower(SHA256.HashData(history))}}"}]}
            """);
        var directory = _directory.Combine("checkpoints", "1", $"round-00000002-{Convert.ToHexStringLower(SHA256.HashData(manifest))[..12]}");
        Directory.CreateDirectory(directory);
        File.WriteAllBytes(Path.Combine(directory, "history.bin"), history);
        File.WriteAllBytes(Path.Combine(directory, "manifest.json"), manifest);
        return directory;
    }
}
