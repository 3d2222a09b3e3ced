using Superfactory.Lab.Interop;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;

namespace Superfactory.Lab.Tests.Running;

/// <summary>Without root there is no laboratory, and that is said plainly.</summary>
public sealed class NoRootTests
{
    [Fact]
    public async Task Without_root_it_says_that_it_needs_root()
    {
        if (Native.IsRoot)
        {
            await AsNobodyAsync();
            return;
        }

        var topology = LabTopologyFile.Parse("sites: [a]", "alone").Value.ShouldNotBeNull();
        var up = await Laboratory.UpAsync(topology, new LaboratoryOptions { FibreCommand = ["/bin/true"] }, TestContext.Current.CancellationToken);
        up.Problems.ShouldHaveSingleItem().ToString().ShouldContain("needs root");
    }

    private static async Task AsNobodyAsync()
    {
        var file = Path.Combine(Path.GetTempPath(), $"alone-{Environment.ProcessId}.yaml");
        string[] asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
        if ((await LabBench.RunAsync([.. asNobody, "test", "-x", LabBench.Program])).ExitCode != 0)
        {
            Assert.Skip("needs a checkout that other users may read: this one's is only root's");
        }

        await File.WriteAllTextAsync(file, "sites: [a]", TestContext.Current.CancellationToken);
        try
        {
            var (output, exitCode) = await LabBench.RunAsync([.. asNobody, LabBench.Program, "hold", "/nowhere", file]);
            exitCode.ShouldBe(3);
            output.ShouldContain("needs root");
        }
        finally
        {
            File.Delete(file);
        }
    }
}
