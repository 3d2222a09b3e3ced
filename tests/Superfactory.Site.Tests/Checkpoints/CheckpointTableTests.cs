using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Site.Checkpoints;
using Superfactory.Site.Tests.Support;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;

namespace Superfactory.Site.Tests.Checkpoints;

/// <summary>What an agent knows of the checkpoints on its disk, and does to them.</summary>
public sealed class CheckpointTableTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("sf-");
    private readonly List<string> _said = [];

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task What_an_earlier_agent_left_is_found_and_said_until_it_is_taken()
    {
        var written = Write(job: 7, round: 12);
        Directory.CreateDirectory(Path.Combine(_root.FullName, "7", ".partial-wisconsin"));
        await using var table = Open();

        var (reports, revision) = table.Take();

        var found = reports.ShouldNotBeNull().ShouldHaveSingleItem();
        (found.Job, found.Name, found.Round, found.Ledger).ShouldBe((7L, written.Name, 12L, new LedgerTotals(10, 4, 0, 6)));
        table.Take().Reports.ShouldNotBeNull("nobody has taken it yet");
        table.Confirm(revision);
        table.Take().Reports.ShouldBeNull();
        table.SayAgain();
        table.Take().Reports.ShouldNotBeNull();
    }

    [Fact]
    public async Task What_a_copy_brought_is_found_when_the_control_plane_names_it()
    {
        await using var table = Open();
        table.Take().Reports.ShouldNotBeNull().ShouldBeEmpty();
        var brought = Write(job: 7, round: 12);

        table.Apply([brought]);

        await UntilAsync(table, reports => reports.Any(report => report.Name == brought.Name && report.Problem is null));
    }

    [Fact]
    public async Task What_is_to_go_goes_and_nothing_else()
    {
        var (first, second) = (Write(7, 12), Write(7, 13));
        await using var table = Open();

        table.Apply([first with { Remove = true }, second]);

        await UntilAsync(table, reports => reports.Length == 1 && reports[0].Name == second.Name);
        Directory.Exists(PathOf(first)).ShouldBeFalse();
        Directory.Exists(PathOf(second)).ShouldBeTrue();
    }

    [Fact]
    public async Task Verifying_is_done_once_for_each_request_and_names_the_part_that_is_wrong()
    {
        var written = Write(7, 12);
        await using var table = Open();
        table.Apply([written with { Verify = 1 }]);
        await UntilAsync(table, reports => reports[0] is { Verified: 1, Problem: null });
        File.WriteAllText(Path.Combine(PathOf(written), "history.bin"), "Xistory");

        table.Apply([written with { Verify = 2 }]);

        await UntilAsync(table, reports => reports[0].Verified == 2);
        table.Take().Reports!.Value[0].Problem.ShouldBe("The checkpoint's part history.bin was altered: its SHA-256 is not the manifest's.");
    }

    [Fact]
    public async Task A_run_gets_no_checkpoint_that_is_not_what_was_sealed_and_the_control_plane_hears_of_it()
    {
        var written = Write(7, 12);
        await using var table = Open();
        table.Claim(written).ShouldBe(PathOf(written));
        File.WriteAllText(Path.Combine(PathOf(written), "history.bin"), "Xistory");

        Should.Throw<IOException>(() => table.Claim(written)).Message.ShouldContain("history.bin was altered");

        table.Take().Reports!.Value[0].Problem.ShouldNotBeNull().ShouldContain("history.bin was altered");
    }

    [Theory]
    [InlineData("../../../etc")]
    [InlineData("round-00000012-../../../x")]
    [InlineData("")]
    public async Task A_name_that_leads_elsewhere_is_nobody_s(string name)
    {
        await using var table = Open();

        table.Apply([new CheckpointAssignment { Job = 7, Name = name, Seal = "x", Remove = true }]);

        table.Take().Reports.ShouldNotBeNull().ShouldBeEmpty();
    }

    private static Task UntilAsync(CheckpointTable table, Func<CheckpointReport[], bool> holds) =>
        Patience.UntilAsync(() => table.Take().Reports is { } reports && holds([.. reports]), "the table has done what it was told");

    private CheckpointTable Open() => new(_root.FullName, static () => { }, _said.Add);

    private string PathOf(CheckpointAssignment written) => Path.Combine(_root.FullName, written.Job.ToString(CultureInfo.InvariantCulture), written.Name);

    /// <summary>A checkpoint as another program would write it, by the format alone.</summary>
    private CheckpointAssignment Write(long job, long round)
    {
        var history = "history"u8.ToArray();
        var manifest = new CheckpointManifest
        {
            Format = 2, Job = job, Island = "wisconsin", Round = round, Epoch = 1, Islands = ["wisconsin"], Mode = SyncMode.Diloco, StateHash = "00000000000000ab",
            Ledger = new LedgerTotals(10, 4, 0, 6), Steps = 1, Tokens = 1, Tensors = [new TensorEntry("w", [1], "float32", TensorRole.Parameter, 4)],
            Parts = [new CheckpointPart("history.bin", history.Length, Convert.ToHexStringLower(SHA256.HashData(history)))],
        };
        var bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, FactoryJson.Readable);
        var seal = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var name = $"round-{round:D8}-{seal[..12]}";
        var directory = Directory.CreateDirectory(Path.Combine(_root.FullName, job.ToString(CultureInfo.InvariantCulture), name)).FullName;
        File.WriteAllBytes(Path.Combine(directory, "history.bin"), history);
        File.WriteAllBytes(Path.Combine(directory, "manifest.json"), bytes);
        return new CheckpointAssignment { Job = job, Name = name, Seal = seal };
    }
}
