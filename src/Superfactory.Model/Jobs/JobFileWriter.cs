using System.Text.Json;
using System.Text.Json.Nodes;

namespace Superfactory.Model.Jobs;

/// <summary>Writes a specification as a job file. Pure.</summary>
internal static class JobFileWriter
{
    /// <summary>The job as indented JSON, fields in the order of <see cref="JobFields"/>.</summary>
    public static string Write(JobSpecification job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var file = JsonSerializer.SerializeToNode(job, FactoryJson.Options)!.AsObject();

        // The specification says with empty and zero what the file says by leaving out.
        file.Remove("site_count");
        if (job.Sites.IsEmpty)
        {
            file["sites"] = job.SiteCount;
        }

        if (job.PreferredSites.IsEmpty)
        {
            file.Remove("preferred_sites");
        }

        if (job.Command.IsEmpty)
        {
            file.Remove("command");
        }

        if (job.Roles.IsEmpty)
        {
            file.Remove("roles");
        }

        foreach (var (name, role) in job.Roles)
        {
            if (role.PreferredSites.IsEmpty)
            {
                file["roles"]![name]!.AsObject().Remove("preferred_sites");
            }
        }

        file["budget"]!.AsObject().Remove(job.Budget.Samples == 0 ? "samples" : "steps");
        if (job.Sync.Mode == SyncMode.EveryStep)
        {
            file["sync"]!.AsObject().Remove("outer");
        }
        else
        {
            file["sync"]!.AsObject().Remove("batch");
        }

        if (job.Sync.Mode != SyncMode.Streaming || !job.Sync.Overlap)
        {
            file["sync"]!.AsObject().Remove("delay");
            file["sync"]!.AsObject().Remove("staleness");
        }

        if (job.Sync.Mode != SyncMode.Streaming)
        {
            file["sync"]!.AsObject().Remove("overlap");
            file["sync"]!.AsObject().Remove("mixing");
        }
        else if (job.Sync.Staleness == 0)
        {
            file["sync"]!.AsObject().Remove("staleness");
        }

        file["sync"]!.AsObject().Remove(job.Sync.Mode == SyncMode.Auto ? "every" : "target");

        return Ordered(file, string.Empty).ToJsonString(FactoryJson.Readable) + "\n";
    }

    private static JsonObject Ordered(JsonObject section, string path)
    {
        var ordered = new JsonObject();
        foreach (var field in JobFields.All.Where(field => field.Section == path && section.ContainsKey(field.Name)))
        {
            var value = section[field.Name]!;
            ordered[field.Name] = field.Kind == JobFieldKind.Section ? Ordered(value.AsObject(), field.Path) : value.DeepClone();
        }

        return ordered;
    }
}
