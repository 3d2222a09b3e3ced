using System.CommandLine;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Units;
using Superfactory.Model.Views;
using Superfactory.Sync.Bridge.Checkpoints;

namespace Superfactory.Cli.Checkpoints;

/// <summary><c>superfactory export JOB --to DIR</c>.</summary>
internal static class ExportCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(ControlOption control, Terminal terminal)
    {
        var id = Settings.Job();
        var to = Settings.Text("--to", "DIR", "The directory that the model is written to; needed.");
        to.Required = true;
        var checkpoint = Settings.Whole("--checkpoint", "Which checkpoint. [default: the newest]", 1, long.MaxValue);
        var command = new Command("export", "Write a job's model as model.safetensors and config.json.") { id, to, checkpoint };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, client =>
            ExportAsync(terminal, client, parsed.GetValue(id), parsed.GetResult(checkpoint) is null ? null : parsed.GetValue(checkpoint), parsed.GetValue(to)!, cancellation)));
        return command;
    }

    private static async Task<int> ExportAsync(Terminal terminal, ControlClient client, long id, long? number, string to, CancellationToken cancellation)
    {
        var job = await client.JobAsync(id, cancellation);
        var list = await client.CheckpointsAsync(id, cancellation);
        if (!job.Succeeded || !list.Succeeded)
        {
            return job.Succeeded ? terminal.Fail(list.Problems, list.ExitCode) : terminal.Fail(job.Problems, job.ExitCode);
        }

        var checkpoint = list.Value.Items.LastOrDefault(each => each.Expired is null && (number is null ? !each.Abandoned : each.Number == number));
        if (checkpoint is null)
        {
            return terminal.Fail($"Job {id} has no checkpoint{(number is null ? " yet" : $" {number}")}.", ExitCode.BadInput, $"List them with 'superfactory checkpoints {id}'.");
        }

        // The control plane never touches a tensor: the command reads the checkpoint where it lies.
        var here = checkpoint.Copies.FirstOrDefault(copy => copy is { Standing: CheckpointStanding.Whole, Directory: { } directory } && Directory.Exists(directory));
        if (here is null)
        {
            var places = checkpoint.Copies.Where(copy => copy.Directory is not null).Select(copy => $"{copy.Site}:{copy.Directory}").ToArray();
            return terminal.Fail(
                $"No copy of checkpoint {checkpoint.Number} lies on this machine: {(places.Length == 0 ? "there is none" : $"it is at {string.Join(" and ", places)}")}.",
                ExitCode.CannotReach, "Run the command there, or bring it here with 'superfactory copy'.");
        }

        var written = ModelExport.Write(here.Directory!, here.Seal, ModelConfig.Of(job.Value, checkpoint), to);
        if (!written.Succeeded)
        {
            return terminal.Fail(written.Problems, ExitCode.JobFailed);
        }

        terminal.Line($"Checkpoint {checkpoint.Number} of job {id}, after {checkpoint.Round} rounds{(checkpoint.Finished ? ", its end" : string.Empty)}: "
            + $"{written.Value.Tensors} tensors, {ByteCount.Format(written.Value.Bytes)}, in {Path.Combine(to, ModelExport.ModelFile)}.");
        return ExitCode.Done;
    }
}
