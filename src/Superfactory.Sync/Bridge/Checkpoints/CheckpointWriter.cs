using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Checkpoints;

/// <summary>
/// Writes checkpoints: into a directory of a passing name, each part put on the disk, the manifest last, then the directory is given its own
/// name. So a checkpoint is there whole or not at all, whatever ends in between.
/// </summary>
/// <param name="root">The site's directory of checkpoints; those of a job are in a directory of its number.</param>
/// <param name="job">The job.</param>
/// <param name="island">The island that writes.</param>
internal sealed class CheckpointWriter(string root, long job, string island)
{
    /// <summary>What the directory of an unfinished checkpoint begins with.</summary>
    public const string PartialPrefix = ".partial-";

    private string JobDirectory => Path.Combine(root, job.ToString(CultureInfo.InvariantCulture));

    /// <summary>Deletes what an earlier writer of this job left unfinished.</summary>
    public void Sweep()
    {
        if (Directory.Exists(JobDirectory))
        {
            foreach (var left in Directory.EnumerateDirectories(JobDirectory, PartialPrefix + "*").ToList())
            {
                Directory.Delete(left, recursive: true);
            }
        }
    }

    /// <summary>Writes a checkpoint. What stands in the way is a problem, and then nothing of it is left.</summary>
    /// <param name="state">What it holds; must not change meanwhile.</param>
    /// <param name="held">Whether the job was told to save and stop.</param>
    public Outcome<CheckpointReport> Write(CheckpointState state, bool held)
    {
        var partial = Path.Combine(JobDirectory, PartialPrefix + island);
        try
        {
            Directory.CreateDirectory(partial);
            var manifest = CheckpointManifest.Of(state, job, island, held, WriteParts(partial, state));
            var bytes = manifest.ToBytes();
            DurableFiles.Write(Path.Combine(partial, CheckpointManifest.FileName), bytes);
            DurableFiles.FlushDirectory(partial);
            var seal = CheckpointManifest.Seal(bytes);
            return new(CheckpointFolder.Report(manifest, seal, Place(partial, CheckpointManifest.NameOf(state.Round, seal))));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new([new Problem($"Island {island} could not write the checkpoint after round {state.Round}: {error.Message}{Clear(partial)}")]);
        }
    }

    private string Place(string partial, string name)
    {
        var final = Path.Combine(JobDirectory, name);
        if (Directory.Exists(final))
        {
            // The same bytes were written before this island was started again; or something else stands there, and is in the way.
            Directory.Delete(final, recursive: true);
        }

        Directory.Move(partial, final);
        DurableFiles.FlushDirectory(JobDirectory);
        return final;
    }

    private static ImmutableArray<CheckpointPart> WriteParts(string directory, CheckpointState state)
    {
        var parts = ImmutableArray.CreateBuilder<CheckpointPart>();
        Add(parts, directory, CheckpointManifest.HistoryFile, state.History);
        if (!state.Parameters.IsEmpty)
        {
            Add(parts, directory, CheckpointManifest.ParametersFile, CheckpointTensors.HeaderOfParameters(state.Tensors), new FloatBytes(state.Parameters).Memory);
        }

        if (!state.Momentum.IsEmpty)
        {
            Add(parts, directory, CheckpointManifest.MomentumFile, CheckpointTensors.HeaderOfParameters(state.Tensors), new FloatBytes(state.Momentum).Memory);
        }

        if (!state.Statics.IsEmpty)
        {
            Add(parts, directory, CheckpointManifest.StaticsFile, CheckpointTensors.HeaderOfStatics(state.Tensors), state.Statics);
        }

        if (!state.Trainer.IsEmpty)
        {
            Add(parts, directory, CheckpointManifest.TrainerFile, state.Trainer);
        }

        return parts.DrainToImmutable();
    }

    private static void Add(ImmutableArray<CheckpointPart>.Builder parts, string directory, string file, params ReadOnlySpan<ReadOnlyMemory<byte>> pieces)
    {
        var (bytes, hash) = DurableFiles.Write(Path.Combine(directory, file), pieces);
        parts.Add(new CheckpointPart(file, bytes, hash));
    }

    private static string Clear(string partial)
    {
        try
        {
            Directory.Delete(partial, recursive: true);
            return string.Empty;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $" What was written of it could not be deleted: {error.Message}";
        }
    }
}
