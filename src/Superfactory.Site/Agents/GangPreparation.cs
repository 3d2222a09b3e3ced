using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Site.Checkpoints;
using Superfactory.Site.Data;
using Superfactory.Site.Gangs;
using Superfactory.Site.Processes;
using Superfactory.Sync.Bridge.Checkpoints;

namespace Superfactory.Site.Agents;

/// <summary>Makes a gang's directories and gathers what its supervisor needs to know.</summary>
/// <param name="options">How the agent is set up.</param>
/// <param name="directory">The site's directory.</param>
/// <param name="checkpoints">What lies at the site of runs' states.</param>
/// <param name="gatewaySocket">The Unix socket of the site's gateway.</param>
/// <param name="pythonDirectory">The project's <c>python</c> directory.</param>
/// <param name="self">How to start <c>superfactory</c>.</param>
internal sealed class GangPreparation(SiteOptions options, SiteDirectory directory, CheckpointTable checkpoints, string gatewaySocket, string pythonDirectory, SelfCommand self)
{
    /// <summary>Prepares a gang.</summary>
    /// <returns>What its supervisor needs to know; or what is missing at this site, such as the job's corpus.</returns>
    public Outcome<GangSpecification> Prepare(GangAssignment assignment)
    {
        var corpus = assignment.Specification.Data is { } data ? Path.Combine(Path.GetFullPath(options.DataDirectory), data.Corpus) : null;
        if (corpus is not null && CorpusIndex.Load(corpus) is { Succeeded: false } missing)
        {
            return new([.. missing.Problems.Select(problem => problem with { Message = $"Site {options.Name} cannot run the job: {problem.Message}" })]);
        }

        // A checkpoint that is not what was sealed is no problem of the job: the control plane hears of it and takes another.
        var duty = Duty(assignment);
        try
        {
            var gang = GangFiles.Directory(directory.Gangs, assignment.Job, assignment.Incarnation);
            var runtime = RuntimeDirectories.ForGang(directory.Root, assignment.Job, assignment.Incarnation);
            if (Directory.Exists(gang))
            {
                // Of an earlier fleet that used this directory and counted its jobs from 1 as well.
                Directory.Delete(gang, recursive: true);
            }

            Directory.CreateDirectory(gang);
            Directory.CreateDirectory(directory.Output(assignment.Role?.Job ?? assignment.Job));
            RuntimeDirectories.Make(runtime);
            return new(new GangSpecification
            {
                Assignment = assignment,
                GangDirectory = gang,
                RuntimeDirectory = runtime,
                OutputDirectory = directory.Output(assignment.Role?.Job ?? assignment.Job),
                CorpusDirectory = corpus,
                GatewaySocket = gatewaySocket,
                Checkpoints = duty,
                Python = options.Python,
                PythonDirectory = pythonDirectory,
                Cores = (int)Math.Clamp((long)(options.Cores ?? Environment.ProcessorCount) * (assignment.Accelerators ?? assignment.Specification.Accelerators) / options.Slots, 1, options.Cores ?? Environment.ProcessorCount),
                OrphanGraceSeconds = options.OrphanGrace.TotalSeconds,
                Self = self,
            });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new([new Problem($"Site {options.Name} cannot make the directories of island {assignment.Island}: {error.Message}")]);
        }
    }

    private CheckpointDuty Duty(GangAssignment assignment)
    {
        var wanted = assignment.Checkpoints ?? new GangCheckpoints();
        return new CheckpointDuty
        {
            Directory = checkpoints.Root,
            EverySeconds = assignment.Specification.Checkpoint.Every,
            Writes = wanted.Writes,
            Restores = wanted.Restores,
            From = wanted.From is { } from ? checkpoints.Claim(from) : null,
            FromSeal = wanted.From?.Seal,
        };
    }
}
