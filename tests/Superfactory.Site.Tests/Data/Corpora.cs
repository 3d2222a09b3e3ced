using Superfactory.Model;
using Superfactory.Site.Data;

namespace Superfactory.Site.Tests.Data;

/// <summary>Prepares and verifies corpora under the running test's cancellation.</summary>
internal static class Corpora
{
    public static Outcome<PreparedCorpus> Prepare(CorpusOptions options) =>
        CorpusBuilder.Build(options, progress: null, TestContext.Current.CancellationToken);

    public static Outcome<CorpusIndex> Verify(string directory) =>
        CorpusIndex.Verify(directory, TestContext.Current.CancellationToken);
}
